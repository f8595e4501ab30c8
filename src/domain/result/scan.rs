//! The results of `scan-stuck`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::ids::{AuditId, ExecutionId};
use crate::domain::words::{RecordKind, RecoverRule};

/// What a run of `scan-stuck` did.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ScanResult {
    /// Audits and executions judged.
    pub scanned: usize,
    /// How many were failed.
    pub recoveries_count: usize,
    /// Unhealthy ones left for the next run by `--batch`.
    pub deferred: usize,
    /// Each that was failed, or could not be.
    pub recoveries: Vec<ScanRecovery>,
    /// Conversations that are stuck in `processing`; null where they could not be counted in time.
    pub stuck_conversations: Option<i64>,
    /// Unhealthy ones that another session was writing, or held; they are passed over, and the next run judges them again.
    pub locked: usize,
    /// The same in a sentence.
    pub message: String,
    /// Old executions deleted.
    pub pruned: i64,
}

/// An unhealthy record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScanRecovery {
    /// Whether it was failed.
    pub success: bool,
    /// Which kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: Uuid,
    /// What is wrong with it, joined by `; `.
    pub reason: String,
    /// The first rule by which it is unhealthy.
    pub rule: RecoverRule,
    /// When it was failed, by the database's clock.
    pub recovery_timestamp: Option<DateTime<Utc>>,
    /// When it last showed activity.
    pub last_activity: Option<DateTime<Utc>>,
    /// Where its owner runs.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i32>,
    /// Why it could not be failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One record, judged by its id.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Judgement {
    /// Which audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<AuditId>,
    /// Which execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    /// Whether nothing is wrong with it; always so for what has ended.
    pub is_healthy: bool,
    /// What is wrong with it.
    pub issues: Vec<String>,
    /// When it last showed activity.
    pub last_activity: DateTime<Utc>,
    /// Its own status.
    pub status: String,
    /// Whether its owner holds a live lease.
    pub task_running: bool,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// Where its owner runs.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i32>,
}
