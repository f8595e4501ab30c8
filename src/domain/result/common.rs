//! The common fields of all results.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::ExecutionId;
use crate::domain::words::{ErrorKind, ServerRole, Status};

/// The version of this contract. Additional fields do not change it; anything else does.
pub const SCHEMA_VERSION: u32 = 1;

/// The common fields of all results.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Common {
    /// The command; null if none could be read.
    pub job: Option<String>,
    /// The outcome.
    pub status: Status,
    /// The process's exit code.
    pub exit_code: u8,
    /// The run's id; null without a run.
    pub execution_id: Option<ExecutionId>,
    /// When it began, by the database's clock; null if it did not get that far.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The version of this contract.
    pub schema_version: u32,
    /// Whether it was a dry run, which writes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Whether the hidden `--now` replaced the database's clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub now_overridden: bool,
    /// The server that a look was at, where it is a standby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<LookedAt>,
    /// How many earlier runs of the job had died and were closed as failed when this one began.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dead_runs_closed: u64,
    /// What the log warned of: each text once, at most 20, then how many more there were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// A server that is no primary.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LookedAt {
    /// What kind of server it is.
    pub role: ServerRole,
    /// Its host and port.
    pub server: String,
    /// By how many seconds what it shows lies behind the primary; null where it has replayed nothing yet.
    pub replay_lag_seconds: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Why a command failed.
#[derive(Clone, Debug, Serialize, serde::Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The kind of failure, in one word.
    pub kind: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl ErrorBody {
    /// From its kind and its sentence.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind: kind.as_str().to_owned(), message: message.into() }
    }
}
