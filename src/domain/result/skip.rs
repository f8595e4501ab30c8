//! The result of a run that was not made.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::ExecutionId;
use crate::domain::words::SkipReason;

/// A run that was not made (exit code 75).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SkipResult {
    /// Why.
    pub reason: SkipReason,
    /// The run that is in the way.
    pub blocked_by: Option<ExecutionId>,
    /// When it is worth trying again.
    pub reopens_at: Option<DateTime<Utc>>,
    /// When the run that closed the window completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether another program has made that run: two runners are at work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}
