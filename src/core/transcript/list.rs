//! Reads the list of a conversation's messages.

use std::borrow::Cow;

use serde_json::Value;

use super::parts;
use crate::core::stages::step::StageError;
use crate::domain::conversation::{Message, Role};

/// The messages of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The messages, in order; none is blank.
    pub messages: Vec<Message>,
    /// How many elements of the list are unreadable: they are not objects, or have no usable content. All of them, if the list
    /// contains no speech at all.
    pub unreadable: usize,
}

/// How often a list is unwrapped from a JSON string.
const MOST_WRAPPINGS: usize = 3;

/// Reads `conversations.messages` (spec 04): a list of `{role, content}`, in order, with cleaned contents
/// ([`crate::core::text::clean`]) and without blank messages. JSON `null` is an empty transcript; a list inside a JSON string is
/// unwrapped.
///
/// Other writers' names of roles and contents are recognised too. Messages of other roles (`system`, a tool) are skipped. Unreadable
/// ones are skipped and counted, because an error would fail the conversation permanently.
///
/// # Errors
/// [`StageError::InvalidTranscript`] for anything but a list. The error names the type but never quotes the value, because errors are
/// stored and logged.
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
    // Without speech, placeholders such as `[image]` are no use to a model.
    Ok(if is_spoken { transcript } else { Transcript { messages: Vec::new(), unreadable: items.len() } })
}

/// The list inside a JSON string, the result of encoding twice.
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

/// The type of a JSON value, with its article, for error messages.
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
