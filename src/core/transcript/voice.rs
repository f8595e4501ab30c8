//! Reads a call's transcript from one text with a line for each turn. If the list of a voice conversation contains no speech, the
//! text is `transcript_raw` or the only `system` message.

use serde_json::Value;

use super::list::{Transcript, read, read_role};
use super::parts;
use crate::core::text;
use crate::domain::conversation::{Conversation, Message, Role};

/// The messages in the call's text; `None` if there is no text, or no speech in it.
pub(super) fn fallback(conversation: &Conversation, list: &Value) -> Option<Vec<Message>> {
    let raw = conversation.transcript_raw.as_deref().map(turns).filter(|turns| !turns.is_empty());
    raw.or_else(|| Some(turns(&system(list)?)).filter(|turns| !turns.is_empty()))
}

/// The text of the only system message; `None` if there are several.
fn system(list: &Value) -> Option<String> {
    let is_system =
        |item: &&Value| item.get("role").and_then(Value::as_str).is_some_and(|role| role.trim() == "system");
    let mut all = list.as_array()?.iter().filter(is_system);
    let only = all.next().filter(|_| all.next().is_none())?;
    let content = parts::of(only.as_object()?);
    content.spoken.then_some(content.text)
}

/// Reads lines such as `user: …` and `agent: …`. A line without a speaker continues the turn before it; the first one is the player's.
/// The text can also be a list in JSON.
fn turns(raw: &str) -> Vec<Message> {
    if let Ok(list @ Value::Array(_)) = serde_json::from_str(raw) {
        return read(&list).map(|Transcript { messages, .. }| messages).unwrap_or_default();
    }
    let mut turns: Vec<Message> = Vec::new();
    for line in text::clean(raw).lines().map(str::trim).filter(|line| !text::is_blank(line)) {
        let spoken = line.split_once(':').and_then(|(speaker, said)| Some((speaker_of(speaker)?, said.trim())));
        match (spoken, turns.last_mut()) {
            (Some((role, said)), _) => turns.push(Message { role, content: said.to_owned() }),
            (None, Some(last)) => {
                if !last.content.is_empty() {
                    last.content.push('\n');
                }
                last.content.push_str(line);
            }
            (None, None) => turns.push(Message { role: Role::User, content: line.to_owned() }),
        }
    }
    turns.retain(|turn| !text::is_blank(&turn.content));
    turns
}

fn speaker_of(word: &str) -> Option<Role> {
    read_role(word.trim_matches(|char: char| !char.is_alphanumeric()))
}
