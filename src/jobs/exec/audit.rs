//! `exec --audit`: records the command as an audit (docs/audits.md). Its row is `in_progress` under a lease, its lines are the audit's log,
//! and `scan-stuck` fails it if the process is killed.

use std::time::{Duration, Instant};

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
    renewed: Instant,
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
        let renewed = clock::start();
        run.store.begin_audit(&lease, kind, &runner).await?;
        Ok(Self { id, lease, host: runner.host, renewed })
    }

    /// How often to renew its lease.
    pub(super) fn beat(&self) -> Duration {
        self.lease.length / 3
    }

    /// Renews the lease and writes the lines, as the run's own heartbeat does: without an answer it keeps the lines and returns false, and
    /// the caller tries again after [`Self::pause`].
    ///
    /// # Errors
    /// If the lease is lost, which means that the audit has been recovered, or can't be renewed in time. The command must stop.
    pub(super) async fn renew(&mut self, run: &Run, kept: &mut Vec<String>) -> Result<bool, RunError> {
        let length = self.lease.length;
        let left = length.saturating_sub(length / 6).saturating_sub(self.renewed.elapsed());
        let asked = clock::start();
        match tokio::time::timeout(left, run.store.renew_audit(&self.lease, kept, &self.host, MOST_LOGGED)).await {
            Ok(Ok(true)) => {
                self.renewed = asked;
                kept.clear();
                Ok(true)
            }
            Ok(Ok(false)) => Err(RunError::LeaseLost("its audit has been recovered")),
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "audit not renewed, trying again");
                Ok(false)
            }
            Err(_) => Err(RunError::LeaseOutage("its audit could not be renewed in time")),
        }
    }

    /// How long to wait before the next try.
    pub(super) fn pause(&self) -> Duration {
        (self.lease.length / 30).min(Duration::from_secs(1))
    }

    /// Writes the last lines; see [`Self::renew`].
    pub(super) async fn flush(&mut self, run: &Run, kept: &mut Vec<String>) -> Result<(), RunError> {
        while !self.renew(run, kept).await? {
            tokio::time::sleep(self.pause()).await;
        }
        Ok(())
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
