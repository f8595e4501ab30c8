//! Reads a conversation's `messages` and writes them down for a model.

use serde_json::Value;

use super::stages::StageError;
use super::text;
use crate::domain::conversation::{Message, Role};

pub mod shorten;

/// Reads `conversations.messages` (spec 03): a list of `{role, content}`, in order, with their contents cleaned
/// ([`text::clean`]) and the empty ones left out. JSON `null` is an empty transcript.
///
/// `assistant`, `bot` and `ai` count as `nikita`, and `human` as `user`, whatever the case: rows from other writers have
/// them. A message whose role is another (`system`, a tool) or whose content is not a string is no speech of either, and is
/// skipped rather than failing the conversation for good.
///
/// # Errors
/// [`StageError::InvalidTranscript`] for anything but a list of objects. It says what there is instead and never quotes it,
/// because the sentence is stored and logged.
pub fn read(messages: &Value) -> Result<Vec<Message>, StageError> {
    let items = match messages {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        other => return Err(StageError::InvalidTranscript(format!("messages is {}, not a list", kind(other)))),
    };
    let mut transcript = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            let kind = kind(item);
            return Err(StageError::InvalidTranscript(format!("messages[{index}] is {kind}, not an object")));
        };
        let role = item.get("role").and_then(Value::as_str).and_then(read_role);
        let content = item.get("content").and_then(Value::as_str).map(text::clean).unwrap_or_default();
        if let Some(role) = role
            && !content.is_empty()
        {
            transcript.push(Message { role, content });
        }
    }
    Ok(transcript)
}

fn read_role(word: &str) -> Option<Role> {
    match word.trim().to_ascii_lowercase().as_str() {
        "user" | "human" => Some(Role::User),
        "nikita" | "assistant" | "bot" | "ai" => Some(Role::Nikita),
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
