//! The result of `demo`: the sample data, the results of the runs, and what to look at.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::Mood;

/// The sample data.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Planted {
    /// Players.
    pub players: usize,
    /// Conversations, including those still going on.
    pub conversations: usize,
}

/// The limits of a run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Limits {
    /// The most points that decay takes from a player, as text with two decimals.
    pub points: String,
    /// The most conversations.
    pub conversations: usize,
}

/// A player who lost points. Scores are text with two decimals, as everywhere in results.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Charged {
    /// The player's name.
    pub player: String,
    /// 1–5.
    pub chapter: i32,
    /// Seconds since their last message; null if they never wrote.
    pub inactive_seconds: Option<i64>,
    /// The score before.
    pub before: String,
    /// The points taken.
    pub charged: String,
    /// The score after.
    pub after: String,
    /// Notes: `at the cap`, `warned`, `never wrote`, `game over, …`; empty for most.
    pub notes: Vec<String>,
}

/// A player who lost no points.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Spared {
    /// The player's name.
    pub player: String,
    /// The reason.
    pub reason: String,
}

/// A command to try next.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Next {
    /// What it does.
    pub what: String,
    /// The command, for a shell in which `$DB` is the file.
    pub command: String,
}

/// A fact that a later one has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replaced {
    /// The old one.
    pub was: String,
    /// The new one.
    pub now: String,
}

/// Nikita's memory of a player after their conversations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Known {
    /// The player's id.
    pub user_id: UserId,
    /// The player's name, from `demo_players`.
    pub player: String,
    /// 1–5.
    pub chapter: i32,
    /// Active facts, oldest first.
    pub facts: Vec<String>,
    /// Facts that have been replaced.
    pub replaced: Vec<Replaced>,
    /// Open threads.
    pub threads: Vec<String>,
    /// Her thoughts about them.
    pub thoughts: Vec<String>,
    /// Her mood towards them, 0–1 each.
    pub mood: Mood,
    /// The conflict's temperature, 0–100.
    pub temperature: f64,
    /// The conflict's zone.
    pub zone: String,
}

/// Counts of all rows that the pipeline writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Sums {
    /// Facts, including replaced ones.
    pub facts: i64,
    /// Facts that have been replaced.
    pub replaced: i64,
    /// Open threads.
    pub threads: i64,
    /// Thoughts.
    pub thoughts: i64,
    /// Events in her own life.
    pub life_events: i64,
    /// Days summarised.
    pub days: i64,
    /// Current text prompts.
    pub text_prompts: i64,
    /// Current voice prompts.
    pub voice_prompts: i64,
}

/// A current prompt.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReadyPrompt {
    /// `text` or `voice`.
    pub platform: String,
    /// Its length in tokens.
    pub token_count: i64,
    /// The whole text.
    pub text: String,
}

/// A conversation that was given up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GivenUp {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its player's name.
    pub player: String,
    /// The error.
    pub error: String,
}

/// A message that will be sent on Nikita's initiative.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Touchpoint {
    /// The recipient's name.
    pub player: String,
    /// `time`, `event`, `gap`, or `decay warning`.
    pub trigger: String,
    /// When it is due.
    pub delivery_at: DateTime<Utc>,
    /// The message.
    pub message: String,
}
