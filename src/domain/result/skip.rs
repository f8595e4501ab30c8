//! The result of a skipped run.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::ExecutionId;
use crate::domain::words::SkipReason;

/// A skipped run (exit code 75).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SkipResult {
    /// The reason.
    pub reason: SkipReason,
    /// The run that blocked it.
    pub blocked_by: Option<ExecutionId>,
    /// When to try again.
    pub reopens_at: Option<DateTime<Utc>>,
    /// When the run that closed the window completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether another program made that run, so that two programs do the same work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}
