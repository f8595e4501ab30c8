//! The result of `stats`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// What the runs of a span of time did. Maps go by the stage's name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatsResult {
    /// From when on.
    pub since: DateTime<Utc>,
    /// Runs of `process-conversations`.
    pub total_executions: i64,
    /// Of them completed.
    pub success_count: i64,
    /// How often each stage failed.
    pub failure_count: BTreeMap<String, i64>,
    /// The mean of each stage's times.
    pub avg_duration_ms: BTreeMap<String, f64>,
    /// 95 in 100 of each stage's times are at most this.
    pub p95_duration_ms: BTreeMap<String, f64>,
    /// The stage that takes longest on average.
    pub slowest_stage: Option<String>,
    /// What all runs cost, in US dollars.
    pub cost_usd: String,
    /// Half of each stage's times are at most this.
    pub p50_duration_ms: BTreeMap<String, f64>,
    /// The longest of each stage's times.
    pub max_duration_ms: BTreeMap<String, f64>,
    /// How often each stage ran.
    pub count: BTreeMap<String, i64>,
    /// How the conversations came out.
    pub conversations: OutcomeCounts,
    /// What was learned.
    pub facts: FactCounts,
    /// What models were sent.
    pub tokens: TokenCounts,
    /// The runs of each job.
    pub jobs: BTreeMap<String, JobCounts>,
    /// How many runs the figures of the stages come from.
    pub sampled_executions: i64,
    /// Whether those are all that met a conversation.
    pub sample_is_whole: bool,
}

/// Facts of the sampled runs.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct FactCounts {
    /// Those that models have noted, also where `NIKITA_UNSUPPORTED_FACTS=drop` leaves some out.
    pub learned: i64,
    /// Those of them whose quote is nowhere in the transcript.
    pub unsupported: i64,
    /// Their share, 0 to 1; null where there are none.
    pub unsupported_share: Option<f64>,
}

/// Tokens of the sampled runs.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct TokenCounts {
    /// Sent.
    pub input: i64,
    /// Those of them that a provider has read from its cache.
    pub cached: i64,
    /// Their share, 0 to 1; null where none was sent.
    pub cached_share: Option<f64>,
}

/// Conversations by outcome.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct OutcomeCounts {
    /// Every stage succeeded.
    pub success: i64,
    /// A non-critical stage failed.
    pub partial_success: i64,
    /// To be tried again.
    pub retrying: i64,
    /// Given up.
    pub failed: i64,
    /// Closed unread.
    pub skipped: i64,
    /// Given back.
    pub released: i64,
}

/// The runs of a job.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct JobCounts {
    /// All.
    pub total: i64,
    /// Of them completed.
    pub completed: i64,
    /// Of them failed.
    pub failed: i64,
    /// The rest.
    pub running: i64,
    /// What they cost, in US dollars.
    pub cost_usd: String,
}
