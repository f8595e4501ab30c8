//! The transcript: from the raw `messages` column to what a model reads.

use serde_json::Value;

use super::stages::StageError;
use crate::domain::conversation::{Message, Role};

/// A transcript as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// One `role: content` a line.
    pub text: String,
    /// How many of the oldest messages were left out for the budget.
    pub left_out: usize,
}

/// Reads the messages with text in them, in order.
///
/// # Errors
/// [`StageError::InvalidTranscript`] where `messages` is not a list of objects.
pub fn read(messages: &Value) -> Result<Vec<Message>, StageError> {
    let Value::Array(list) = messages else {
        return Err(StageError::InvalidTranscript("messages is not a list".to_owned()));
    };
    let mut read = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let Value::Object(item) = item else {
            return Err(StageError::InvalidTranscript(format!("message {index} is not an object")));
        };
        let content = item.get("content").and_then(Value::as_str).unwrap_or_default().trim();
        let role = match item.get("role").and_then(Value::as_str) {
            Some("nikita") => Role::Nikita,
            _ => Role::User,
        };
        if !content.is_empty() {
            read.push(Message { role, content: content.to_owned() });
        }
    }
    Ok(read)
}

/// Renders the newest messages that fit into `budget_chars`.
#[must_use]
pub fn render(messages: &[Message], budget_chars: usize) -> Rendered {
    let lines: Vec<String> = messages
        .iter()
        .map(|message| match message.role {
            Role::User => format!("user: {}", message.content),
            Role::Nikita => format!("nikita: {}", message.content),
        })
        .collect();
    let mut left = budget_chars;
    let kept = lines
        .iter()
        .rev()
        .take_while(|line| {
            let length = line.chars().count() + 1;
            let fits = length <= left;
            left = left.saturating_sub(length);
            fits
        })
        .count();
    let left_out = lines.len() - kept;
    Rendered { text: lines[left_out..].join("\n"), left_out }
}
