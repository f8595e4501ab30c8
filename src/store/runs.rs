//! A run's lease, window and execution row (spec 02).
//!
//! ```text
//!            begin                      renew (every third of the lease)
//! (no lease) ─────▶ held, live ◀──────────────┐
//!     ▲               │  │  └──────────────────┘
//!     │ finish        │  └─ no renewal in time ─▶ held, dead ─ begin of another run ─▶ held by the other;
//!     └───────────────┘                                                              this execution closed as failed
//! ```
//!
//! Liveness is written and judged inside SQL, on the database's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::codec::{DbId, DbJson, DbTime};
use super::retry::answered;
use super::session::{Tx, execute, fetch_one, fetch_optional};
use super::{Result, Store, sql};
use crate::domain::ids::{ExecutionId, Token};

/// Our part of a lease: what proves that it is still ours.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The lease's name: `job:decay`, or with an execution's id where runs may overlap.
    pub key: String,
    /// The run that holds it.
    pub execution: ExecutionId,
    /// Drawn at random by that run.
    pub token: Token,
    /// How long it lives without a renewal.
    pub length: Duration,
}

/// Who runs: for the lease, the execution row, and the evidence of a recovery.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The host's name.
    pub host: String,
    /// The process id on it.
    pub pid: i32,
}

/// What came of [`Store::begin_run`].
#[derive(Debug)]
pub enum Begun {
    /// The lease is ours and the execution row is there.
    Started {
        /// The database's clock when it began.
        now: DateTime<Utc>,
        /// How many dead runs of the job it has closed.
        dead: u64,
    },
    /// Another run of the job holds the lease.
    AlreadyRunning {
        /// That run.
        by: ExecutionId,
        /// When its lease ends unless it is renewed.
        until: DateTime<Utc>,
    },
    /// A run of the job completed inside the window.
    Recent {
        /// That run; none where another program has given it an id that is no UUID.
        by: Option<ExecutionId>,
        /// When the window reopens.
        until: DateTime<Utc>,
        /// Whether another program has made that run.
        foreign: bool,
    },
}

/// A span as statements take it.
pub(super) fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}

impl Store {
    /// Takes the job's lease, checks the window and inserts the execution row, in one transaction. Where it can't, nothing
    /// is written.
    ///
    /// `window` is `None` for a forced run. A dead run's execution is closed on the way, as failed. Where the answer is lost, it is begun
    /// again as the same run, which waits for what has become of the first time.
    pub async fn begin_run(
        &self,
        job: &str,
        lease: &Lease,
        runner: &Runner,
        window: Option<Duration>,
    ) -> Result<Begun> {
        loop {
            if let Some(begun) = answered(|| self.try_begin_run(job, lease, runner, window)).await? {
                return Ok(begun);
            }
        }
    }

    /// `None` where the lease was held when we asked for it, and free when we asked who held it: try again.
    async fn try_begin_run(
        &self,
        job: &str,
        lease: &Lease,
        runner: &Runner,
        window: Option<Duration>,
    ) -> Result<Option<Begun>> {
        let mut tx = self.begin_write().await?;
        let Some(now) = self.take_lease(&mut tx, lease, runner).await? else {
            let holder: Option<(DbId, DbTime)> = fetch_optional!(&mut tx, _, sql::LEASE_HOLDER, &lease.key);
            tx.rollback().await?;
            return Ok(holder.map(|(by, until)| Begun::AlreadyRunning { by: ExecutionId(by.0), until: until.0 }));
        };
        if let Some(window) = window {
            let (within, overridden) = (seconds(window), self.is_overridden());
            let recent: Option<(String, DbTime, bool)> =
                fetch_optional!(&mut tx, _, sql::RECENT_RUN, job, DbTime(now), within, overridden);
            if let Some((by, completed_at, foreign)) = recent {
                tx.rollback().await?;
                return Ok(Some(Begun::Recent { by: by.parse().ok(), until: completed_at.0 + window, foreign }));
            }
        }
        let dead = self.close_dead_runs(&mut tx, job, lease, now).await?;
        execute!(
            &mut tx,
            sql::START_EXECUTION,
            DbId::from(lease.execution),
            job,
            DbTime(now),
            &runner.host,
            runner.pid
        );
        tx.commit().await?;
        Ok(Some(Begun::Started { now, dead }))
    }

    /// The lease's own statement; the database's clock if it is ours now.
    pub(super) async fn take_lease(
        &self,
        tx: &mut Tx,
        lease: &Lease,
        runner: &Runner,
    ) -> Result<Option<DateTime<Utc>>> {
        let taken: Option<(DbTime,)> = fetch_optional!(
            tx,
            _,
            sql::TAKE_LEASE,
            self.now_parameter(),
            &lease.key,
            DbId::from(lease.execution),
            DbId::from(lease.token),
            &runner.host,
            runner.pid,
            lease.length.as_secs_f64()
        );
        Ok(taken.map(|(now,)| now.0))
    }

    /// Forgets the leases of runs that died, and closes the job's executions that had a lease (`heartbeat_at` tells) and have no
    /// live one. With the lease just taken over among them, this is the takeover of spec 02; an execution of another program,
    /// which never had a lease, is left to `scan-stuck`.
    async fn close_dead_runs(&self, tx: &mut Tx, job: &str, lease: &Lease, now: DateTime<Utc>) -> Result<u64> {
        let reason = json!({"status": "error", "error": {"kind": "lease_expired", "message":
            format!("Owner is not running: its lease had run out when execution {} began", lease.execution)}});
        let (own, others) = (format!("job:{job}"), format!("job:{job}:%"));
        execute!(&mut *tx, sql::FORGET_DEAD_LEASES, DbTime(now), own, others);
        Ok(execute!(tx, sql::CLOSE_DEAD_RUNS, DbTime(now), DbJson(reason), job))
    }

    /// Renews a lease and writes the run's progress. `false` where the lease is no longer ours, or has run out: a lease
    /// that was dead for a moment may have been acted on.
    pub async fn renew_lease(&self, lease: &Lease, progress: &Value) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let (now, length) = (self.now_parameter(), seconds(lease.length));
        let renewed = execute!(&mut tx, sql::RENEW_LEASE, now, &lease.key, DbId::from(lease.token), length);
        if renewed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let progress = DbJson(json!({ "progress": progress }));
        execute!(&mut tx, sql::WRITE_PROGRESS, self.now_parameter(), DbId::from(lease.execution), progress);
        tx.commit().await?;
        Ok(true)
    }

    /// Closes an execution and releases its lease, in one transaction, only with the run's own token.
    ///
    /// `completed` decides whether the run closes the window. `false` where the lease or the execution is no longer ours;
    /// then nothing was written. Where the answer is lost, it is finished again, and then looked at how it stands.
    pub async fn finish_run(&self, lease: &Lease, end: &RunEnd<'_>) -> Result<bool> {
        answered(|| self.try_finish_run(lease, end)).await
    }

    async fn try_finish_run(&self, lease: &Lease, end: &RunEnd<'_>) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let (execution, status) = (DbId::from(lease.execution), if end.completed { "completed" } else { "failed" });
        let released = execute!(&mut tx, sql::RELEASE_LEASE, &lease.key, DbId::from(lease.token));
        let closed = execute!(
            &mut tx,
            sql::FINISH_EXECUTION,
            self.now_parameter(),
            execution,
            status,
            end.duration_ms,
            Json(end.result),
            end.cost_usd.as_deref()
        );
        if closed == 0 {
            // The first time may have done it.
            let (done,): (i64,) = fetch_one!(&mut tx, _, sql::IS_FINISHED, execution, status, end.duration_ms);
            tx.rollback().await?;
            return Ok(done == 1);
        }
        if released == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// How an execution ends.
#[derive(Debug)]
pub struct RunEnd<'a> {
    /// `completed`, which closes the window; otherwise `failed`.
    pub completed: bool,
    /// The same value that goes to stdout.
    pub result: &'a Value,
    /// From begin to finish, in milliseconds.
    pub duration_ms: i64,
    /// What it cost, in US dollars with six decimals.
    pub cost_usd: Option<String>,
}
