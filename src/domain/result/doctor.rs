//! The result of `doctor`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::words::CheckStatus;

/// All that was looked at.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct DoctorResult {
    /// One entry a check.
    pub checks: Vec<CheckEntry>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckEntry {
    /// What it is about, `topic.thing`; one name may come more than once.
    pub name: &'static str,
    /// How it came out.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}
