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
//! SQL writes and judges liveness by the database's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::codec::{DbId, DbJson, DbTime};
use super::read::{Oddities, Read};
use super::retry::answered;
use super::session::{Tx, execute, fetch_one, fetch_optional};
use super::{Result, Store, sql};
use crate::domain::ids::{ExecutionId, Token};

/// Our lease, with the token that proves that it is still ours.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The lease's name: `job:decay`, with the execution's id appended if runs can overlap.
    pub key: String,
    /// The run that holds it.
    pub execution: ExecutionId,
    /// Random, chosen by that run.
    pub token: Token,
    /// How long it lasts without a renewal.
    pub length: Duration,
}

/// The process of a run, for the lease, the execution row, and the evidence of a recovery.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The host's name.
    pub host: String,
    /// The process id on it.
    pub pid: i32,
}

/// The result of [`Store::begin_run`].
#[derive(Debug)]
pub enum Begun {
    /// The run has started: it holds the lease and has an execution row.
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
        /// When its lease expires unless renewed.
        until: DateTime<Utc>,
    },
    /// A run of the job completed inside the window.
    Recent {
        /// That run; none if another program gave it an id that is not a UUID.
        by: Option<ExecutionId>,
        /// When the window reopens.
        until: DateTime<Utc>,
        /// Whether it was another program's run.
        foreign: bool,
    },
}

/// A duration as a statement's parameter.
pub(super) fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}

impl Store {
    /// Takes the job's lease, checks the window and inserts the execution row, in one transaction. If the run can't begin, nothing is
    /// written.
    ///
    /// `window` is `None` for a forced run. Also closes a dead run's execution as failed. If the response is lost, it begins the same run
    /// again, which waits for the first transaction.
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

    /// `None` if the lease was held at first, but free when its holder was read: try again.
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
            let recent: Option<(Read<String>, Read<DbTime>, bool)> =
                fetch_optional!(&mut tx, _, sql::RECENT_RUN, job, DbTime(now), within, overridden);
            let mut odd = Oddities::default();
            let recent = recent.and_then(|(by, at, foreign)| {
                Some((by.ok().unwrap_or_default(), odd.need("job_executions.completed_at", at)?, foreign))
            });
            odd.tell();
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

    /// Takes the lease. Returns the database's clock if it is ours now.
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

    /// Deletes the leases of dead runs, and closes the job's executions that had a lease (they have a `heartbeat_at`) but have no live one.
    /// This includes the run whose lease was just taken over (spec 02). It leaves another program's execution, which never had a lease, to
    /// `scan-stuck`.
    async fn close_dead_runs(&self, tx: &mut Tx, job: &str, lease: &Lease, now: DateTime<Utc>) -> Result<u64> {
        let reason = json!({"status": "error", "error": {"kind": "lease_expired", "message":
            format!("Owner is not running: its lease had run out when execution {} began", lease.execution)}});
        let (own, others) = (format!("job:{job}"), format!("job:{job}:%"));
        execute!(&mut *tx, sql::FORGET_DEAD_LEASES, self.now_parameter(), own, others, DbId::from(lease.execution));
        Ok(execute!(tx, sql::CLOSE_DEAD_RUNS, self.now_parameter(), DbTime(now), DbJson(reason), job))
    }

    /// Renews a lease and writes the run's progress. `false` if the lease is no longer ours or has expired: others can have acted on an
    /// expired lease.
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
    /// `completed` decides whether the run closes the window. `false` if the lease or the execution is no longer ours: nothing was written.
    /// If the response is lost, it tries again and then checks the state of the execution.
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
            // An earlier try whose response was lost can have closed it.
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
    /// The result, as on stdout.
    pub result: &'a RawValue,
    /// From start to finish, in milliseconds.
    pub duration_ms: i64,
    /// Its cost, in US dollars with six decimals.
    pub cost_usd: Option<String>,
}
