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

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::codec::{DbId, DbJson, DbTime};
use super::session::{Tx, execute, fetch_optional, pg_now, sqlite_now};
use super::{Result, Store};
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
    },
}

/// Closes the executions of a job that are running without a lease.
macro_rules! close_dead {
    ($job:literal) => {
        concat!(
            "update job_executions set status = 'failed', completed_at = $1, result = $2 where ",
            $job,
            " = $3 and status = 'running' and heartbeat_at is not null and not exists \
                 (select 1 from job_leases l where l.execution_id = job_executions.id and l.expires_at > $1)"
        )
    };
}

impl Store {
    /// Takes the job's lease, checks the window and inserts the execution row, in one transaction. Where it can't, nothing
    /// is written.
    ///
    /// `window` is `None` for a forced run. A dead run's execution is closed on the way, as failed.
    pub async fn begin_run(
        &self,
        job: &str,
        lease: &Lease,
        runner: &Runner,
        window: Option<Duration>,
    ) -> Result<Begun> {
        loop {
            if let Some(begun) = self.try_begin_run(job, lease, runner, window).await? {
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
            let holder: Option<(DbId, DbTime)> = fetch_optional!(
                &mut tx,
                _,
                "select execution_id, expires_at from job_leases where lease_key = $1",
                &lease.key
            );
            tx.rollback().await?;
            return Ok(holder.map(|(by, until)| Begun::AlreadyRunning { by: ExecutionId(by.0), until: until.0 }));
        };
        if let Some(window) = window.and_then(|window| TimeDelta::from_std(window).ok()) {
            let recent: Option<(String, DbTime)> = fetch_optional!(
                &mut tx,
                _,
                "select cast(id as text), completed_at from job_executions \
                 where job_name = $1 and status = 'completed' and completed_at > $2 order by completed_at desc limit 1",
                job,
                DbTime(now - window)
            );
            if let Some((by, completed_at)) = recent {
                tx.rollback().await?;
                return Ok(Some(Begun::Recent { by: by.parse().ok(), until: completed_at.0 + window }));
            }
        }
        self.close_dead_runs(&mut tx, job, lease, now).await?;
        execute!(
            &mut tx,
            "insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid) \
             values ($1, $2, $3, $3, 'running', $4, $5)",
            DbId::from(lease.execution),
            job,
            DbTime(now),
            &runner.host,
            runner.pid
        );
        tx.commit().await?;
        Ok(Some(Begun::Started { now }))
    }

    /// The lease's own statement; the database's clock if it is ours now.
    async fn take_lease(&self, tx: &mut Tx, lease: &Lease, runner: &Runner) -> Result<Option<DateTime<Utc>>> {
        let sql = tx.pick(
            concat!(
                "insert into job_leases as held \
                 (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
             select $2, $3, $4, $5, $6, t.now, t.now, t.now + make_interval(secs => $7) \
             from (select ",
                pg_now!("$1"),
                " as now) t \
             on conflict (lease_key) do update set execution_id = excluded.execution_id, token = excluded.token, \
                 host = excluded.host, pid = excluded.pid, acquired_at = excluded.acquired_at, \
                 heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at \
             where held.expires_at <= ",
                pg_now!("$1"),
                " \
             returning acquired_at"
            ),
            concat!(
                "insert into job_leases as held \
                 (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
             select $2, $3, $4, $5, $6, t.now, t.now, \
                 strftime('%Y-%m-%dT%H:%M:%f000Z', t.now, '+' || $7 || ' seconds') \
             from (select ",
                sqlite_now!("$1"),
                " as now) t where true \
             on conflict (lease_key) do update set execution_id = excluded.execution_id, token = excluded.token, \
                 host = excluded.host, pid = excluded.pid, acquired_at = excluded.acquired_at, \
                 heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at \
             where held.expires_at <= ",
                sqlite_now!("$1"),
                " \
             returning acquired_at"
            ),
        );
        let taken: Option<(DbTime,)> = fetch_optional!(
            tx,
            _,
            sql,
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
        execute!(
            &mut *tx,
            "delete from job_leases where expires_at <= $1 and (lease_key = $2 or lease_key like $3)",
            DbTime(now),
            format!("job:{job}"),
            format!("job:{job}:%")
        );
        // The plus keeps SQLite from the index by job, in which all that have ever run stand.
        let sql = tx.pick(close_dead!("job_name"), close_dead!("+job_name"));
        Ok(execute!(tx, sql, DbTime(now), DbJson(reason), job))
    }

    /// Renews a lease and writes the run's progress. `false` where the lease is no longer ours, or has run out: a lease
    /// that was dead for a moment may have been acted on.
    pub async fn renew_lease(&self, lease: &Lease, progress: &Value) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let sql = tx.pick(
            concat!(
                "update job_leases set heartbeat_at = ",
                pg_now!("$1"),
                ", \
                 expires_at = ",
                pg_now!("$1"),
                " + make_interval(secs => $4) \
             where lease_key = $2 and token = $3 and expires_at > ",
                pg_now!("$1")
            ),
            concat!(
                "update job_leases set heartbeat_at = ",
                sqlite_now!("$1"),
                ", \
                 expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce($1, 'now'), '+' || $4 || ' seconds') \
             where lease_key = $2 and token = $3 and expires_at > ",
                sqlite_now!("$1")
            ),
        );
        let seconds = lease.length.as_secs_f64();
        let renewed = execute!(&mut tx, sql, self.now_parameter(), &lease.key, DbId::from(lease.token), seconds);
        if renewed == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let sql = tx.pick(
            concat!(
                "update job_executions set heartbeat_at = ",
                pg_now!("$1"),
                ", result = $3 \
             where id = $2 and status = 'running'"
            ),
            concat!(
                "update job_executions set heartbeat_at = ",
                sqlite_now!("$1"),
                ", result = $3 \
             where id = $2 and status = 'running'"
            ),
        );
        let progress = DbJson(json!({ "progress": progress }));
        execute!(&mut tx, sql, self.now_parameter(), DbId::from(lease.execution), progress);
        tx.commit().await?;
        Ok(true)
    }

    /// Closes an execution and releases its lease, in one transaction, only with the run's own token.
    ///
    /// `completed` decides whether the run closes the window. `false` where the lease or the execution is no longer ours;
    /// then nothing was written.
    pub async fn finish_run(&self, lease: &Lease, end: &RunEnd<'_>) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let released = execute!(
            &mut tx,
            "delete from job_leases where lease_key = $1 and token = $2",
            &lease.key,
            DbId::from(lease.token)
        );
        let sql = tx.pick(
            concat!(
                "update job_executions set status = $3, completed_at = ",
                pg_now!("$1"),
                ", \
                 duration_ms = $4, result = $5, cost_usd = cast($6 as numeric) where id = $2 and status = 'running'"
            ),
            concat!(
                "update job_executions set status = $3, completed_at = ",
                sqlite_now!("$1"),
                ", \
                 duration_ms = $4, result = $5, cost_usd = cast($6 as real) where id = $2 and status = 'running'"
            ),
        );
        let closed = execute!(
            &mut tx,
            sql,
            self.now_parameter(),
            DbId::from(lease.execution),
            if end.completed { "completed" } else { "failed" },
            end.duration_ms,
            Json(end.result),
            end.cost_usd.as_deref()
        );
        if released == 0 || closed == 0 {
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
