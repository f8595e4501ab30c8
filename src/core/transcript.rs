//! Reads a conversation's `messages` and renders them for a model.

use super::stages::step::StageError;
use super::text;
use crate::domain::conversation::{Conversation, Message, Role};

mod list;
mod parts;
pub mod shorten;
mod voice;

use list::unwrapped;

pub use list::{Transcript, kind, read};

/// Reads a conversation: its `messages`, or, for a call without speech in them, its other transcript.
///
/// # Errors
/// As [`read`], unless a call has another transcript.
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

/// A transcript for a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One `role: content` per line, oldest first. Further lines of a message begin with two blanks, so that no message can contain
    /// a line that looks like another message.
    pub text: String,
    /// How many of the oldest messages are left out; one of them can be shortened instead.
    pub left_out: usize,
}

/// Replaces the missing start of a message.
const CUT: &str = "… ";

/// Renders the newest messages that fit into `budget` characters. A message that alone exceeds the budget loses its start, because
/// the next message answers its end.
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

/// The end of a line in `room` characters, with its speaker; `None` if there is no room for any of the content.
fn cut_front(role: Role, line: &str, room: usize) -> Option<String> {
    let head = format!("{}: {CUT}", speaker(role));
    let kept = room.checked_sub(head.chars().count()).filter(|kept| *kept > 0)?;
    Some(head + text::last_chars(line, kept))
}

#[cfg(test)]
mod tests;
