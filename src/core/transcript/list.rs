//! Reads the list of a conversation's messages.

use std::borrow::Cow;

use serde_json::Value;

use super::parts;
use crate::core::stages::step::StageError;
use crate::domain::conversation::{Message, Role};

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
pub(super) fn unwrapped(messages: &Value) -> Cow<'_, Value> {
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

pub(super) fn read_role(word: &str) -> Option<Role> {
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
