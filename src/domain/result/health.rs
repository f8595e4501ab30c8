//! The result of `health`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// How the pipeline stands; the verdict is `status`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct HealthResult {
    /// Why it is not healthy, the worst first; at the end what was recovered in the last hour, which alone is no trouble.
    pub reasons: Vec<String>,
    /// The part of the last 100 conversations that went well, from 0 to 1.
    pub recent_success_rate: Option<f64>,
    /// How long they took on average.
    pub avg_duration_ms: Option<f64>,
    /// Conversations in `processing` on which nobody works.
    pub stuck_conversations: i64,
    /// Conversations that wait to be processed.
    pub pending: i64,
    /// How long the oldest has waited.
    pub oldest_pending_seconds: Option<i64>,
    /// How many conversations were judged.
    pub judged_conversations: usize,
    /// Runs whose owner is dead.
    pub stuck_executions: i64,
    /// When a run of `process-conversations` completed last.
    pub last_completed_at: Option<DateTime<Utc>>,
    /// What was recovered in the last hour, by kind and rule.
    pub recovered: Vec<RecoveredCount>,
    /// With `--on-change`.
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
    /// Whether this look tells of a change.
    pub changed: bool,
    /// The verdict that was told last.
    pub was: String,
}
