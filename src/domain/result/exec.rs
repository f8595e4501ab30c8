//! The result of `exec`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::AuditId;

/// The outcome of a command that ran under a lease.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ExecResult {
    /// The program, without its arguments, because they can contain secrets.
    pub command: String,
    /// Its exit code; null if a signal ended it, or it never ran.
    pub command_exit_code: Option<i32>,
    /// The signal that ended it.
    pub command_signal: Option<i32>,
    /// Whether it took longer than `--timeout`.
    pub timed_out: bool,
    /// How many lines it wrote.
    pub lines: u64,
    /// The audit, with `--audit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<AuditId>,
}
