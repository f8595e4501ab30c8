//! The result of `doctor`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::words::CheckStatus;

/// All checks.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct DoctorResult {
    /// One entry per check.
    pub checks: Vec<CheckEntry>,
}

/// One check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckEntry {
    /// Its name, `topic.thing`; several checks can have the same name.
    pub name: &'static str,
    /// The outcome.
    pub status: CheckStatus,
    /// The finding.
    pub message: String,
    /// The remedy.
    pub remedy: Option<String>,
}
