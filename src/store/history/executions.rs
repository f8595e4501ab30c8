//! Single executions: the latest of each job, or the one with an id.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::MOST_JOBS;
use crate::domain::ids::ExecutionId;
use crate::store::codec::{DbId, DbJson, DbTime};
use crate::store::read::{Read, row};
use crate::store::session::{fetch_all, fetch_optional};
use crate::store::{Result, Store, sql};

/// A row of `job_executions`, with its lease.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its id, as stored.
    pub id: String,
    /// Its job, which can be another program's.
    pub job: String,
    /// `running`, `completed` or `failed`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Its cost, in US dollars with four decimals.
    pub cost_usd: Option<String>,
    /// Its latest heartbeat; none if another program runs it.
    pub heartbeat_at: Option<DateTime<Utc>>,
    /// Its host.
    pub host: Option<String>,
    /// Its process id on that host.
    pub pid: Option<i32>,
    /// Its result, or its progress while it runs; null or any JSON.
    pub result: Value,
    /// When its lease expires unless renewed; none without a lease.
    pub lease_expires_at: Option<DateTime<Utc>>,
}

row! {
    struct Row {
        id: String,
        job_name: Read<String>,
        status: Read<String>,
        started_at: Read<DbTime>,
        completed_at: Read<DbTime>,
        duration_ms: Read<i64>,
        cost_usd: Read<String>,
        heartbeat_at: Read<DbTime>,
        host: Read<String>,
        pid: Read<i32>,
        result: Read<DbJson>,
        lease_expires_at: Read<DbTime>,
    }
}

impl From<Row> for Execution {
    fn from(row: Row) -> Self {
        let time = |it: Read<DbTime>| it.ok().map(|at| at.0);
        Self {
            id: row.id,
            job: row.job_name.ok().unwrap_or_default(),
            status: row.status.ok().unwrap_or_default(),
            started_at: time(row.started_at).unwrap_or(DateTime::UNIX_EPOCH),
            completed_at: time(row.completed_at),
            duration_ms: row.duration_ms.ok(),
            cost_usd: row.cost_usd.ok().filter(|cost| cost.parse::<f64>().is_ok_and(f64::is_finite)),
            heartbeat_at: time(row.heartbeat_at),
            host: row.host.ok(),
            pid: row.pid.ok(),
            result: row.result.ok().map_or(Value::Null, |it| it.0),
            lease_expires_at: time(row.lease_expires_at),
        }
    }
}

/// A filter for executions.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Only those that began after this time.
    pub since: Option<DateTime<Utc>>,
    /// Only of this job.
    pub job: Option<String>,
    /// Only with this status.
    pub state: Option<String>,
    /// Only on this host.
    pub host: Option<String>,
}

impl Store {
    /// The executions that match, the newest first, at most `most`.
    pub async fn executions(&self, listed: &Listed, most: i64) -> Result<Vec<Execution>> {
        let mut tx = self.begin_read().await?;
        let Listed { since, job, state, host } = listed;
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql::LIST_EXECUTIONS, since.map(DbTime), job, state, host, most);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Execution::from).collect())
    }

    /// The running executions, the newest first, at most `most`.
    pub async fn live_executions(&self, most: i64) -> Result<Vec<Execution>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql::LIVE_EXECUTIONS, most);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Execution::from).collect())
    }

    /// The latest execution of each job that has ever run, by job name, for at most 50 jobs.
    pub async fn latest_executions(&self) -> Result<Vec<Execution>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql::LATEST_EXECUTIONS, MOST_JOBS);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Execution::from).collect())
    }

    /// An execution by id.
    pub async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>> {
        let mut tx = self.begin_read().await?;
        let row: Option<Row> = fetch_optional!(&mut tx, _, sql::EXECUTION, DbId::from(id));
        tx.rollback().await?;
        Ok(row.map(Execution::from))
    }
}
