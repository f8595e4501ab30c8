//! The result of `stats`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// Statistics of the runs in a period. Maps are keyed by stage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatsResult {
    /// The start of the period.
    pub since: DateTime<Utc>,
    /// Runs of `process-conversations`.
    pub total_executions: i64,
    /// Completed runs among them.
    pub success_count: i64,
    /// How often each stage failed.
    pub failure_count: BTreeMap<String, i64>,
    /// The mean of each stage's times.
    pub avg_duration_ms: BTreeMap<String, f64>,
    /// 95 in 100 of each stage's times are at most this.
    pub p95_duration_ms: BTreeMap<String, f64>,
    /// The stage that takes longest on average.
    pub slowest_stage: Option<String>,
    /// The cost of all runs, in US dollars.
    pub cost_usd: String,
    /// Half of each stage's times are at most this.
    pub p50_duration_ms: BTreeMap<String, f64>,
    /// The longest of each stage's times.
    pub max_duration_ms: BTreeMap<String, f64>,
    /// How often each stage ran.
    pub count: BTreeMap<String, i64>,
    /// Conversations by outcome.
    pub conversations: OutcomeCounts,
    /// Counts of facts.
    pub facts: FactCounts,
    /// Counts of tokens.
    pub tokens: TokenCounts,
    /// The runs of each job.
    pub jobs: BTreeMap<String, JobCounts>,
    /// How many runs the figures by stage are based on.
    pub sampled_executions: i64,
    /// Whether those are all runs that processed a conversation.
    pub sample_is_whole: bool,
}

/// Facts of the sampled runs.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct FactCounts {
    /// Facts that models noted, including those that `NIKITA_UNSUPPORTED_FACTS=drop` drops.
    pub learned: i64,
    /// Facts among them whose quote is not in the transcript.
    pub unsupported: i64,
    /// Their share, 0 to 1; null if there are no facts.
    pub unsupported_share: Option<f64>,
}

/// Tokens of the sampled runs.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct TokenCounts {
    /// Tokens sent.
    pub input: i64,
    /// Sent tokens that a provider read from its cache.
    pub cached: i64,
    /// Their share, 0 to 1; null if none were sent.
    pub cached_share: Option<f64>,
}

/// Conversations by outcome.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct OutcomeCounts {
    /// Every stage succeeded.
    pub success: i64,
    /// A non-critical stage failed.
    pub partial_success: i64,
    /// Waiting for a retry.
    pub retrying: i64,
    /// Given up.
    pub failed: i64,
    /// Skipped, because the game is over.
    pub skipped: i64,
    /// Released, without using up an attempt.
    pub released: i64,
}

/// The runs of a job.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct JobCounts {
    /// All runs.
    pub total: i64,
    /// Completed runs.
    pub completed: i64,
    /// Failed runs.
    pub failed: i64,
    /// Running ones.
    pub running: i64,
    /// Their cost, in US dollars.
    pub cost_usd: String,
}
