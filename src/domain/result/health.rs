//! The result of `health`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The pipeline's health; the verdict is `status`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct HealthResult {
    /// Why it is not healthy, the worst first; at the end what was recovered in the last hour, which alone is no trouble.
    pub reasons: Vec<String>,
    /// The share of the last 100 conversations that succeeded, from 0 to 1.
    pub recent_success_rate: Option<f64>,
    /// Their average duration.
    pub avg_duration_ms: Option<f64>,
    /// Conversations stuck in `processing`.
    pub stuck_conversations: i64,
    /// Conversations that wait to be processed.
    pub pending: i64,
    /// How long the oldest has waited.
    pub oldest_pending_seconds: Option<i64>,
    /// How many conversations the rate is based on.
    pub judged_conversations: usize,
    /// Runs whose owner is dead.
    pub stuck_executions: i64,
    /// When a run of `process-conversations` last completed.
    pub last_completed_at: Option<DateTime<Utc>>,
    /// What was recovered in the last hour, by kind and rule.
    pub recovered: Vec<RecoveredCount>,
    /// The change, with `--on-change`.
    #[serde(flatten)]
    pub change: Option<Change>,
}

/// How many of a kind were recovered by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecoveredCount {
    /// `conversation`, `audit` or `execution`.
    pub kind: String,
    /// The rule, or `by_hand`.
    pub rule: String,
    /// How many.
    pub count: i64,
}

/// Whether the verdict has changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// Whether the verdict differs from the one reported last.
    pub changed: bool,
    /// The verdict reported last.
    pub was: String,
}
