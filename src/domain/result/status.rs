//! The results of `status`, and what is read of a result that is stored.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::ErrorBody;
use crate::domain::words::LeaseState;

/// Every live run, and the latest run of each job.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StatusResult {
    /// Every run that has not ended, the newest first, at most 100.
    pub live: Vec<ExecutionStatus>,
    /// One entry a job.
    pub jobs: Vec<JobStatus>,
}

/// The runs of a time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunsResult {
    /// From when on.
    pub since: DateTime<Utc>,
    /// The runs, the newest first.
    pub runs: Vec<ExecutionStatus>,
    /// Whether there are more than these.
    pub more: bool,
}

/// A job and its latest run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JobStatus {
    /// The job.
    pub job: String,
    /// Its latest run; null where it never ran.
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
    /// Its id, as it stands in the row.
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
    /// How long ago it ended, or else began.
    pub age_seconds: i64,
    /// What it cost, in US dollars.
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
    /// How far it has come, while it runs.
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

    /// What is read of its result.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored::read(&self.result)
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Option<StoredProgress> {
        StoredProgress::deserialize(self.progress.as_ref()?).ok()
    }
}

/// What is read of a result in `job_executions.result`, whoever wrote it: each field alone, so that an odd one hides no other.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Its status.
    pub status: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorBody>,
    /// How far it has come, while it runs.
    pub progress: Option<Value>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    status: Value,
    #[serde(default)]
    error: Value,
    progress: Option<Value>,
}

impl Stored {
    /// Reads it.
    #[must_use]
    pub fn read(result: &Value) -> Self {
        let Ok(raw) = Raw::deserialize(result) else { return Self::default() };
        Self { status: String::deserialize(raw.status).ok(), error: error(&raw.error), progress: raw.progress }
    }
}

/// Why it failed; another program may say no kind.
fn error(raw: &Value) -> Option<ErrorBody> {
    let message = raw.get("message").and_then(Value::as_str)?.to_owned();
    let kind = raw.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(ErrorBody { kind, message })
}

/// How far a run has come, as the heartbeat has stored it.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredProgress {
    /// What is counted.
    #[serde(default)]
    pub unit: Option<String>,
    /// How many are done.
    pub done: i64,
    /// How many there are.
    #[serde(default)]
    pub total: Option<i64>,
    /// The stage that runs, or ran last.
    #[serde(default)]
    pub stage: Option<String>,
}
