//! The results of `failures`, `retry` and `why`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::points::Points;
use crate::domain::words::{WhyKind, WhyRule};

/// The conversations that failed, or wait after a failure.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct FailuresResult {
    /// Only those that failed or were tried since then; null: all.
    pub since: Option<DateTime<Utc>>,
    /// How many conversations the listed errors concern.
    pub total: i64,
    /// By error, the most frequent first, at most 50.
    pub groups: Vec<FailureGroupEntry>,
    /// The latest ones.
    pub conversations: Vec<FailureEntry>,
    /// Whether there are more than these.
    pub more: bool,
}

/// The conversations of one error.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FailureGroupEntry {
    /// The error.
    pub error: String,
    /// How many.
    pub count: i64,
    /// How many of them were given up.
    pub failed: i64,
    /// How many of them wait for a retry.
    pub waiting: i64,
    /// The latest.
    pub latest: Option<DateTime<Utc>>,
    /// One of them.
    pub example: String,
}

/// A conversation that failed, or waits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FailureEntry {
    /// Which one.
    pub conversation_id: String,
    /// Whose.
    pub user_id: Option<String>,
    /// `failed`, or `active` while it waits.
    pub status: String,
    /// Attempts it has used.
    pub attempts: i64,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why.
    pub error: Option<String>,
    /// When it was last updated.
    pub updated_at: Option<DateTime<Utc>>,
}

/// The conversations that got their attempts back.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct RetryResult {
    /// How many.
    pub retried: usize,
    /// Their ids, at most 500.
    pub conversations: Vec<String>,
    /// Requested ones that needed no change.
    pub untouched: Vec<Untouched>,
    /// Requested ones that do not exist.
    pub unknown: Vec<String>,
    /// Those that the database refused to change.
    pub errors: Vec<RetryError>,
}

/// A conversation that needed no change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Untouched {
    /// Which one.
    pub conversation_id: String,
    /// Its status.
    pub status: String,
    /// Why it was not changed.
    pub reason: String,
}

/// A conversation that the database refused to change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RetryError {
    /// Which one.
    pub conversation_id: String,
    /// Why.
    pub error: String,
}

/// Why conversations are taken by the next run, and players charged, or not.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct WhyResult {
    /// One entry per id.
    pub entries: Vec<WhyEntry>,
}

/// Why one is taken, or not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WhyEntry {
    /// Which one.
    pub id: String,
    /// The table in which it was found.
    pub kind: WhyKind,
    /// Whether the next run takes the conversation, or charges the player.
    pub taken: bool,
    /// The rule that decides it.
    pub rule: WhyRule,
    /// The same in a sentence.
    pub reason: String,
    /// When the rule no longer holds, where time alone changes that.
    pub until: Option<DateTime<Utc>>,
    /// The other conversation of its player that goes before this one.
    pub held_by: Option<String>,
    /// What the next run of decay takes from the player; null where it takes nothing, and for a conversation.
    #[schemars(with = "Option<String>")]
    pub points: Option<Points>,
    /// The conversation of the player that a run takes next, or that holds the others up.
    pub next_conversation: Option<NextConversation>,
}

/// The head of a player's queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NextConversation {
    /// Which one.
    pub conversation_id: String,
    /// Whether the next run takes it.
    pub taken: bool,
    /// The rule that decides it.
    pub rule: WhyRule,
    /// The same in a sentence.
    pub reason: String,
    /// How many of the player's conversations are not processed, this one among them.
    pub waiting: i64,
}

/// The conversations that a run would skip by one rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// The rule.
    pub rule: WhyRule,
    /// How many it skips.
    pub count: i64,
    /// The first twenty.
    pub first: Vec<String>,
}
