//! Executions one by one: the latest of each job, or the one with an id.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{MOST_JOBS, names};
use crate::domain::ids::ExecutionId;
use crate::store::codec::{DbId, DbJson, DbTime};
use crate::store::read::row;
use crate::store::session::{fetch_all, fetch_optional};
use crate::store::{Result, Store, sql};

/// A row of `job_executions`, with its lease.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its id, as it stands in the row.
    pub id: String,
    /// Its job, which may be another program's.
    pub job: String,
    /// `running`, `completed` or `failed`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What it cost, in US dollars with four decimals.
    pub cost_usd: Option<String>,
    /// Its latest heartbeat; none where another program runs it.
    pub heartbeat_at: Option<DateTime<Utc>>,
    /// Where it runs, or ran.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i32>,
    /// Its result, or its progress while it runs; null or any JSON.
    pub result: Value,
    /// When its lease ends unless it is renewed; none where it has none.
    pub lease_expires_at: Option<DateTime<Utc>>,
}

row! {
    struct Row {
        id: String,
        job_name: String,
        status: String,
        started_at: DbTime,
        completed_at: Option<DbTime>,
        duration_ms: Option<i64>,
        cost_usd: Option<String>,
        heartbeat_at: Option<DbTime>,
        host: Option<String>,
        pid: Option<i32>,
        result: Option<DbJson>,
        lease_expires_at: Option<DbTime>,
    }
}

impl From<Row> for Execution {
    fn from(row: Row) -> Self {
        let time = |it: Option<DbTime>| it.map(|at| at.0);
        Self {
            id: row.id,
            job: row.job_name,
            status: row.status,
            started_at: row.started_at.0,
            completed_at: time(row.completed_at),
            duration_ms: row.duration_ms,
            cost_usd: row.cost_usd,
            heartbeat_at: time(row.heartbeat_at),
            host: row.host,
            pid: row.pid,
            result: row.result.map_or(Value::Null, |it| it.0),
            lease_expires_at: time(row.lease_expires_at),
        }
    }
}

/// What [`Row`] reads of `e`.
macro_rules! columns {
    (pg) => {
        columns!(@ "cast(round(cast(e.cost_usd as numeric), 4) as text)", "timestamptz 'epoch'")
    };
    (sqlite) => {
        columns!(@ "case when e.cost_usd is not null then printf('%.4f', e.cost_usd) end", "'1970-01-01T00:00:00.000000Z'")
    };
    (@ $cost:literal, $unknown:literal) => {
        concat!(
            "select cast(e.id as text) as id, coalesce(cast(e.job_name as text), '') as job_name, \
                 coalesce(cast(e.status as text), '') as status, coalesce(e.started_at, e.completed_at, ",
            $unknown,
            ") as started_at, e.completed_at, cast(e.duration_ms as bigint) as duration_ms, ",
            $cost,
            " as cost_usd, e.heartbeat_at, e.host, e.pid, e.result, \
                 (select max(l.expires_at) from job_leases l where l.execution_id = e.id) as lease_expires_at "
        )
    };
}

/// The newest of each of `jobs`.
macro_rules! latest {
    () => {
        "from jobs join job_executions e on e.id = (select id from job_executions \
             where job_name = jobs.job_name and started_at is not null order by started_at desc limit 1) order by e.job_name"
    };
}

/// Which executions.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Only those that began after it.
    pub since: Option<DateTime<Utc>>,
    /// Only of this job.
    pub job: Option<String>,
    /// Only with this status.
    pub state: Option<String>,
    /// Only on this host.
    pub host: Option<String>,
}

impl Store {
    /// The executions of a time, the newest first, at most `most`.
    pub async fn executions(&self, listed: &Listed, most: i64) -> Result<Vec<Execution>> {
        let mut tx = self.begin_read().await?;
        let Listed { since, job, state, host } = listed;
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql::LIST_EXECUTIONS, since.map(DbTime), job, state, host, most);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Execution::from).collect())
    }

    /// The latest execution of each job that has ever run, by the jobs' names; of at most 50 jobs.
    pub async fn latest_executions(&self) -> Result<Vec<Execution>> {
        let mut tx = self.begin_read().await?;
        let sql = tx
            .pick(concat!(names!(), " ", columns!(pg), latest!()), concat!(names!(), " ", columns!(sqlite), latest!()));
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql, MOST_JOBS);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Execution::from).collect())
    }

    /// An execution; `None` where there is none with this id.
    pub async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(columns!(pg), "from job_executions e where e.id = $1"),
            concat!(columns!(sqlite), "from job_executions e where e.id = $1"),
        );
        let row: Option<Row> = fetch_optional!(&mut tx, _, sql, DbId::from(id));
        tx.rollback().await?;
        Ok(row.map(Execution::from))
    }
}
