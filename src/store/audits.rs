//! The owner's side of an audit, for `exec --audit` (docs/audits.md): begin, renew, log and end, as any other program would.

use std::time::Duration;

use serde_json::json;

use super::codec::DbId;
use super::retry::answered;
use super::runs::Runner;
use super::session::execute;
use super::{Result, Store, sql};
use crate::domain::ids::{AuditId, Token};

/// Our lease of an audit, the proof that it is still ours.
#[derive(Clone, Debug)]
pub struct AuditLease {
    /// The audit.
    pub audit: AuditId,
    /// Random.
    pub token: Token,
    /// How long it lasts without a renewal.
    pub length: Duration,
}

/// How an audit ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEnd {
    /// It succeeded.
    Completed,
    /// A signal ended it.
    Cancelled,
    /// It failed.
    Failed {
        /// The command's exit code.
        code: Option<i32>,
        /// Why.
        reason: String,
    },
}

impl AuditLease {
    fn key(&self) -> String {
        format!("audit:{}", self.audit)
    }

    fn microseconds(&self) -> i64 {
        i64::try_from(self.length.as_micros()).unwrap_or(i64::MAX)
    }
}

impl Store {
    /// Begins an audit and takes its lease, atomically.
    pub async fn begin_audit(&self, lease: &AuditLease, kind: &str, runner: &Runner) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let (audit, now) = (DbId(lease.audit.0), self.now_parameter());
        execute!(
            &mut tx,
            sql::BEGIN_AUDIT_LEASE,
            lease.key(),
            audit,
            DbId::from(lease.token),
            &runner.host,
            runner.pid,
            lease.microseconds(),
            now
        );
        execute!(&mut tx, sql::BEGIN_AUDIT, audit, kind, now);
        tx.commit().await
    }

    /// Renews the lease and adds lines to the log, which keeps its `most` newest entries. Returns whether the lease was still ours.
    pub async fn renew_audit(&self, lease: &AuditLease, lines: &[String], source: &str, most: i64) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let now = self.now_parameter();
        let renewed =
            execute!(&mut tx, sql::RENEW_AUDIT_LEASE, lease.key(), DbId::from(lease.token), lease.microseconds(), now);
        if renewed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        if !lines.is_empty() {
            // PostgreSQL can't store NUL in JSON.
            let lines: Vec<_> = lines.iter().map(|line| line.replace('\0', "")).collect();
            let (audit, lines) = (DbId(lease.audit.0), json!(lines).to_string());
            execute!(&mut tx, sql::APPEND_AUDIT_LOG, audit, lines, source, most, now);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Ends the audit and deletes its lease, if that is still ours. Returns whether it was; false as well if the answer to an earlier try,
    /// which ended it, was lost.
    pub async fn end_audit(&self, lease: &AuditLease, end: &AuditEnd) -> Result<bool> {
        answered(|| self.try_end_audit(lease, end)).await
    }

    async fn try_end_audit(&self, lease: &AuditLease, end: &AuditEnd) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let ours = execute!(
            &mut tx,
            "delete from job_leases where lease_key = $1 and token = $2",
            lease.key(),
            DbId::from(lease.token)
        );
        if ours == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let (status, summary) = match end {
            AuditEnd::Completed => ("completed", json!({"exit_code": 0})),
            AuditEnd::Cancelled => ("cancelled", json!({"reason": "ended by a signal"})),
            AuditEnd::Failed { code, reason } => ("failed", json!({"exit_code": code, "reason": reason})),
        };
        let audit = DbId(lease.audit.0);
        execute!(&mut tx, sql::END_AUDIT, audit, status, summary.to_string(), self.now_parameter());
        tx.commit().await?;
        Ok(true)
    }
}
