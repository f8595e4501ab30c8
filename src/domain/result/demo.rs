//! The result of `demo`: what was planted, what the runs did with it, and what there is to see.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::Mood;

/// What was there at first.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Planted {
    /// Players.
    pub players: usize,
    /// Conversations, those included that are still going on.
    pub conversations: usize,
}

/// What a run may do at most.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Limits {
    /// Points that decay takes from a player, as text with two decimals.
    pub points: String,
    /// Conversations.
    pub conversations: usize,
}

/// A player who lost points. Scores are text with two decimals, as everywhere in results.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Charged {
    /// Who.
    pub player: String,
    /// 1–5.
    pub chapter: i32,
    /// How long they had been silent, in seconds; null for who has never written.
    pub inactive_seconds: Option<i64>,
    /// The score before.
    pub before: String,
    /// What was taken.
    pub charged: String,
    /// The score after.
    pub after: String,
    /// What else there is to it: `at the cap`, `warned`, `never wrote`, `game over, …`; empty for most.
    pub notes: Vec<String>,
}

/// A player who lost none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Spared {
    /// Who.
    pub player: String,
    /// Why.
    pub reason: String,
}

/// A command to go on with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Next {
    /// What it is good for.
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

/// What is known of a player after their conversations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Known {
    /// Who.
    pub user_id: UserId,
    /// From `demo_players`.
    pub player: String,
    /// 1–5.
    pub chapter: i32,
    /// Active facts, in the order in which they were learned.
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

/// How much there is of everything that the pipeline writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Sums {
    /// Facts, replaced ones included.
    pub facts: i64,
    /// Facts that have been replaced.
    pub replaced: i64,
    /// Open threads.
    pub threads: i64,
    /// Thoughts.
    pub thoughts: i64,
    /// Events in her own life.
    pub life_events: i64,
    /// Days rolled up.
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
    /// The whole of it.
    pub text: String,
}

/// A conversation that was given up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GivenUp {
    /// Which one.
    pub conversation_id: ConversationId,
    /// Whose.
    pub player: String,
    /// Why.
    pub error: String,
}

/// A message that will be sent on her own account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Touchpoint {
    /// To whom.
    pub player: String,
    /// `time`, `event`, `gap`, or `decay warning`.
    pub trigger: String,
    /// When.
    pub delivery_at: DateTime<Utc>,
    /// The message.
    pub message: String,
}
