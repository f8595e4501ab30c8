//! Reads a conversation's `messages` and writes them down for a model.

use std::borrow::Cow;

use serde_json::Value;

use super::stages::StageError;
use super::text;
use crate::domain::conversation::{Conversation, Message, Role};

mod parts;
pub mod shorten;
mod voice;

/// A transcript as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// What was said, in order; none of it blank.
    pub messages: Vec<Message>,
    /// How many elements of the list can't be read: no objects, or with a content that is none. All of them, where a list that is not
    /// empty holds no speech at all.
    pub unreadable: usize,
}

/// How often a list is unwrapped from a JSON string.
const MOST_WRAPPINGS: usize = 3;

/// Reads a conversation: its `messages`, and for a call without speech in them what else tells of it.
///
/// # Errors
/// As [`read`]; not where a call has another text.
pub fn of(conversation: &Conversation) -> Result<Transcript, StageError> {
    let read = read(&conversation.messages);
    let silent = !read.as_ref().is_ok_and(|it| !it.messages.is_empty());
    if silent
        && conversation.platform.trim().eq_ignore_ascii_case("voice")
        && let Some(messages) = voice::fallback(conversation, &unwrapped(&conversation.messages))
    {
        return Ok(Transcript { messages, unreadable: 0 });
    }
    read
}

/// Reads `conversations.messages` (spec 04): a list of `{role, content}`, in order, with their contents cleaned
/// ([`text::clean`]) and the blank ones left out. JSON `null` is an empty transcript; a list inside a JSON string is unwrapped.
///
/// Roles and contents go by the names of other writers, too. A message of another role (`system`, a tool) is no speech of either and
/// is skipped; so is what can't be read, which counts as unreadable rather than failing the conversation for good.
///
/// # Errors
/// [`StageError::InvalidTranscript`] for anything but a list. It says what there is instead and never quotes it, because the
/// sentence is stored and logged.
pub fn read(messages: &Value) -> Result<Transcript, StageError> {
    let list = unwrapped(messages);
    let items = match &*list {
        Value::Null => return Ok(Transcript::default()),
        Value::Array(items) => items,
        other => return Err(StageError::InvalidTranscript(format!("messages is {}, not a list", kind(other)))),
    };
    let mut transcript = Transcript::default();
    let mut is_spoken = false;
    for item in items {
        let Value::Object(item) = item else {
            transcript.unreadable += 1;
            continue;
        };
        let Some(role) = item.get("role").and_then(Value::as_str).and_then(read_role) else { continue };
        let content = parts::of(item);
        is_spoken |= content.spoken;
        transcript.unreadable += usize::from(content.odd && content.text.is_empty());
        if !content.text.is_empty() {
            transcript.messages.push(Message { role, content: content.text });
        }
    }
    // A picture alone says nothing that could be understood.
    Ok(if is_spoken { transcript } else { Transcript { messages: Vec::new(), unreadable: items.len() } })
}

/// The list inside a JSON string, as an encoder writes it that runs twice.
fn unwrapped(messages: &Value) -> Cow<'_, Value> {
    let mut list = Cow::Borrowed(messages);
    for _ in 0..MOST_WRAPPINGS {
        let Value::String(text) = &*list else { break };
        match serde_json::from_str(text) {
            Ok(inner @ (Value::Array(_) | Value::String(_))) => list = Cow::Owned(inner),
            _ => break,
        }
    }
    list
}

fn read_role(word: &str) -> Option<Role> {
    match word.trim().to_ascii_lowercase().as_str() {
        "user" | "human" => Some(Role::User),
        "nikita" | "assistant" | "bot" | "ai" | "agent" | "model" => Some(Role::Nikita),
        _ => None,
    }
}

/// What a JSON value is, with its article, for error sentences.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A transcript as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One `role: content` a line, oldest first; later lines of a message begin with two blanks, so that no message can
    /// pass a line of its own off as the other's.
    pub text: String,
    /// How many of the oldest messages are missing: wholly or, at most one of them, in part.
    pub left_out: usize,
}

/// Stands for the missing front of a message.
const CUT: &str = "… ";

/// Writes the newest messages that fit into `budget` characters; the oldest go first. A message that would not fit even
/// alone is cut at its front, because the end is what the next message answers to.
#[must_use]
pub fn render(messages: &[Message], budget: usize) -> Rendered {
    let mut lines = Vec::new();
    let mut room = budget;
    let mut left_out = 0;
    for (older, message) in messages.iter().enumerate().rev() {
        let line_break = usize::from(!lines.is_empty());
        let line = format!("{}: {}", speaker(message.role), message.content.replace('\n', "\n  "));
        let length = line.chars().count();
        if length + line_break <= room {
            room -= length + line_break;
            lines.push(line);
            continue;
        }
        left_out = older + 1;
        if length > budget {
            lines.extend(cut_front(message.role, &line, room.saturating_sub(line_break)));
        }
        break;
    }
    lines.reverse();
    Rendered { text: lines.join("\n"), left_out }
}

const fn speaker(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Nikita => "nikita",
    }
}

/// The end of a line in `room` characters, with its speaker; none if there is no room for any of the content.
fn cut_front(role: Role, line: &str, room: usize) -> Option<String> {
    let head = format!("{}: {CUT}", speaker(role));
    let kept = room.checked_sub(head.chars().count()).filter(|kept| *kept > 0)?;
    Some(head + text::last_chars(line, kept))
}

#[cfg(test)]
mod tests;
