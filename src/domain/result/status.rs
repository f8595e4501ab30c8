//! The results of `status`, and the fields that are read from stored results.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::ErrorBody;
use crate::domain::words::LeaseState;

/// Every live run, and the latest run of each job.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StatusResult {
    /// Every run that has not ended, newest first, at most 100.
    pub live: Vec<ExecutionStatus>,
    /// One entry per job.
    pub jobs: Vec<JobStatus>,
}

/// The runs of a period.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunsResult {
    /// The start of the period.
    pub since: DateTime<Utc>,
    /// The runs, newest first.
    pub runs: Vec<ExecutionStatus>,
    /// Whether there are more than these.
    pub more: bool,
}

/// A job and its latest run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobStatus {
    /// The job.
    pub job: String,
    /// Its latest run; null if it never ran.
    pub execution: Option<ExecutionStatus>,
}

/// One execution.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExecutionResult {
    /// The execution.
    pub execution: ExecutionStatus,
}

/// An execution.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExecutionStatus {
    /// Its id as spelled in the row.
    pub execution_id: String,
    /// Its job.
    pub job: String,
    /// `running`, `completed` or `failed`, or another program's word.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// How long it has been running.
    pub elapsed_ms: Option<i64>,
    /// How long ago it ended, or, while it runs, began.
    pub age_seconds: i64,
    /// Its cost, in US dollars.
    pub cost_usd: Option<String>,
    /// Where it runs, or ran.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i32>,
    /// Whether its owner is alive; null once it has ended.
    pub lease: Option<LeaseState>,
    /// Its latest heartbeat.
    pub heartbeat_at: Option<DateTime<Utc>>,
    /// How long ago that was, while it runs.
    pub heartbeat_age_seconds: Option<i64>,
    /// Its progress, while it runs.
    pub progress: Option<Value>,
    /// Its result, once it has ended; another program's can be any JSON.
    pub result: Value,
}

impl ExecutionStatus {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == "running"
    }

    /// The stored result's known fields.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored::read(&self.result)
    }

    /// Its progress.
    #[must_use]
    pub fn progress(&self) -> Option<StoredProgress> {
        StoredProgress::deserialize(self.progress.as_ref()?).ok()
    }
}

/// The known fields of a result in `job_executions.result`, whoever wrote it. Each is read separately, so that an invalid one does
/// not hide the others.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Its status.
    pub status: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorBody>,
    /// Its progress, while it runs.
    pub progress: Option<Value>,
    /// What its log warned of.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    status: Value,
    #[serde(default)]
    error: Value,
    progress: Option<Value>,
    #[serde(default)]
    warnings: Value,
}

impl Stored {
    /// Reads it.
    #[must_use]
    pub fn read(result: &Value) -> Self {
        let Ok(raw) = Raw::deserialize(result) else { return Self::default() };
        Self {
            status: String::deserialize(raw.status).ok(),
            error: error(&raw.error),
            progress: raw.progress,
            warnings: Vec::deserialize(raw.warnings).unwrap_or_default(),
        }
    }
}

/// The error; another program's can be without a kind.
fn error(raw: &Value) -> Option<ErrorBody> {
    let message = raw.get("message").and_then(Value::as_str)?.to_owned();
    let kind = raw.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(ErrorBody { kind, message })
}

/// A run's progress, as the heartbeat stored it.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredProgress {
    /// The unit.
    #[serde(default)]
    pub unit: Option<String>,
    /// How many are done.
    pub done: i64,
    /// How many there are.
    #[serde(default)]
    pub total: Option<i64>,
    /// The stage that is running, or ran last.
    #[serde(default)]
    pub stage: Option<String>,
}
