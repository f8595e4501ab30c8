//! The result of `demo`: what was planted, what the runs did with it, and what there is to see.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::JobResult;
use super::process::Timing;
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::Mood;
use crate::domain::stage::StageName;

/// What a demo did, and what it changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DemoResult {
    /// The file.
    pub database: String,
    /// What `--database-url` is to be.
    pub database_url: String,
    /// Whether it took the place of an earlier demo's.
    pub replaced_earlier_demo: bool,
    /// What was there at first.
    pub planted: Planted,
    /// What a run may do at most.
    pub limits: Limits,
    /// The result of `decay`.
    #[schemars(with = "Map<String, Value>")]
    pub decay: JobResult,
    /// The result of `recover`.
    #[schemars(with = "Map<String, Value>")]
    pub recover: JobResult,
    /// The result of `scan-stuck`.
    #[schemars(with = "Map<String, Value>")]
    pub scan_stuck: JobResult,
    /// Who lost points, the most first.
    pub charged: Vec<Charged>,
    /// Who did not, and why.
    pub spared: Vec<Spared>,
    /// The results of `process-conversations`, one a run.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub runs: Vec<JobResult>,
    /// The conversations that were given up.
    pub given_up: Vec<GivenUp>,
    /// Over all runs, by stage: as in a run's own result.
    pub stage_timings: BTreeMap<StageName, Timing>,
    /// How much was written.
    pub sums: Sums,
    /// A few players, as she knows them now.
    pub known: Vec<Known>,
    /// The prompts that are ready for the first of them.
    pub prompts: Vec<ReadyPrompt>,
    /// What she will write of her own accord.
    pub touchpoints: Vec<Touchpoint>,
    /// Commands to go on with.
    pub next: Vec<Next>,
}

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

/// A demo that a signal or a failure broke off.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BrokenOff {
    /// The file.
    pub database: String,
    /// What was there at first.
    pub planted: Planted,
    /// The result of `decay`; null where it was not run.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub decay: Option<JobResult>,
    /// The result of `recover`.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub recover: Option<JobResult>,
    /// The result of `scan-stuck`.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub scan_stuck: Option<JobResult>,
    /// The results of `process-conversations`, one a run.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub runs: Vec<JobResult>,
}
