//! A claimed conversation and its transcript.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::ids::{ConversationId, Token, UserId};
use super::points::Points;

/// Proof that this run owns a conversation. The fence of spec 02 compares it in the statement that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its player.
    pub user: UserId,
    /// The claim's random token.
    pub token: Token,
    /// `processing_attempts` including this one: 1 at the first try.
    pub attempt: i32,
    /// How often it was released because of a provider's outage.
    pub outages: i32,
    /// How often a provider has refused it.
    pub refusals: i32,
}

/// A conversation as the pipeline reads it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// `telegram`, `text` or `voice`.
    pub platform: String,
    /// The raw `messages` column; `core::transcript` reads it.
    pub messages: Value,
    /// `transcript_raw`: a call's transcript as one text.
    pub transcript_raw: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the last message came, or else the call ended, or else the conversation began.
    pub last_message_at: DateTime<Utc>,
    /// Its score change, which the application has already applied.
    pub score_delta: Option<Points>,
    /// The result of an earlier processing, if it is processed anew.
    pub earlier: Option<Earlier>,
}

/// An earlier processing of a conversation. Its rows are replaced, and its counts and scores are not added again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its summary; `None` if that stage failed or the conversation was empty.
    pub summary: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The player.
    User,
    /// Nikita.
    Nikita,
}

/// One message of a transcript, with text in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text; never empty.
    pub content: String,
}
