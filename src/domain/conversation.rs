//! A conversation that was claimed, and its transcript.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::ids::{ConversationId, Token, UserId};
use super::points::Points;

/// Proof that a conversation is ours: the fence of spec 02 compares all of it in the statement that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Whose.
    pub user: UserId,
    /// Drawn at random when it was claimed.
    pub token: Token,
    /// `processing_attempts` with this one counted: 1 at the first try.
    pub attempt: i32,
    /// How often a provider's outage has handed it back without an attempt.
    pub outages: i32,
    /// How often a provider has refused it before.
    pub refusals: i32,
}

/// A conversation as the pipeline reads it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Which one.
    pub id: ConversationId,
    /// `telegram`, `text` or `voice`.
    pub platform: String,
    /// The raw `messages` column; `core::transcript` reads it.
    pub messages: Value,
    /// What a call left as one text: `transcript_raw`.
    pub transcript_raw: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The last message, else the end of the call, else the beginning.
    pub last_message_at: DateTime<Utc>,
    /// What the application has already added to the score for it.
    pub score_delta: Option<Points>,
    /// What an earlier processing has left, where it is processed anew.
    pub earlier: Option<Earlier>,
}

/// A conversation that has been processed before: what it brought forth is replaced, and what it added up is not added again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its summary then; none where that stage had failed, or there was nothing to summarise.
    pub summary: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The player.
    User,
    /// Her.
    Nikita,
}

/// One message of a transcript, with text in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// What it says; never empty.
    pub content: String,
}
