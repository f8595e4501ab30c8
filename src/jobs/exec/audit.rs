//! `exec --audit`: records the command as an audit (docs/audits.md). Its row is `in_progress` under a lease, its lines are the audit's log,
//! and `scan-stuck` fails it if the process is killed.

use std::time::Duration;

use super::outcome::Outcome;
use crate::clock;
use crate::domain::ids::AuditId;
use crate::run::error::RunError;
use crate::run::lifecycle::{Run, this_process};
use crate::store::audits::{AuditEnd, AuditLease};

/// The most lines to hold until the next renewal; older ones are dropped.
const MOST_KEPT: usize = 100;
/// The most lines in an audit's log; older ones are dropped.
const MOST_LOGGED: i64 = 1_000;

/// An audit in progress.
pub(super) struct Audit {
    pub(super) id: AuditId,
    lease: AuditLease,
    host: String,
}

/// Holds a line for the log.
pub(super) fn keep(kept: &mut Vec<String>, line: String) {
    if kept.len() == MOST_KEPT {
        kept.remove(0);
    }
    kept.push(line);
}

impl Audit {
    /// Begins an audit and takes its lease, atomically.
    pub(super) async fn begin(run: &Run, id: AuditId, kind: &str, length: Duration) -> Result<Self, RunError> {
        let (lease, runner) = (AuditLease { audit: id, token: clock::new_token(), length }, this_process());
        run.store.begin_audit(&lease, kind, &runner).await?;
        Ok(Self { id, lease, host: runner.host })
    }

    /// How often to renew its lease.
    pub(super) fn beat(&self) -> Duration {
        self.lease.length / 3
    }

    /// Renews the lease and writes the lines. If the lease is lost, the audit has been recovered, and the command must stop.
    pub(super) async fn renew(&self, run: &Run, kept: &mut Vec<String>) -> Result<(), RunError> {
        if run.store.renew_audit(&self.lease, &std::mem::take(kept), &self.host, MOST_LOGGED).await? {
            return Ok(());
        }
        Err(RunError::LeaseLost("its audit has been recovered"))
    }

    /// Ends the audit.
    pub(super) async fn end(&self, run: &Run, outcome: &Outcome) -> Result<(), RunError> {
        let end = match outcome {
            Outcome::Ended(status) if status.success() => AuditEnd::Completed,
            Outcome::Ended(status) => {
                AuditEnd::Failed { code: status.code(), reason: format!("the command ended with {status}") }
            }
            Outcome::Interrupted => AuditEnd::Cancelled,
            Outcome::TimedOut => AuditEnd::Failed { code: None, reason: "the command took too long".to_owned() },
            Outcome::NotStarted(why) => AuditEnd::Failed { code: None, reason: why.clone() },
        };
        run.store.end_audit(&self.lease, &end).await?;
        Ok(())
    }
}
