//! What the report shows first: the latest runs of each job, why runs failed, and where they ran.

use chrono::{DateTime, Utc};

use super::MOST_JOBS;
use crate::store::codec::DbTime;
use crate::store::read::{Read, row};
use crate::store::session::fetch_all;
use crate::store::{Result, Store, sql};

/// How many failed runs are looked at, the newest.
const FAILED: i64 = 2_000;

/// A run, as a mark in its job's strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentRun {
    /// Its id, as it stands in the row.
    pub id: String,
    /// Its job, which may be another program's.
    pub job: String,
    /// `running`, `completed` or `failed`, or another program's word.
    pub status: String,
    /// The status in its result.
    pub said: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
}

/// Runs of a job that failed of one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRuns {
    /// The job.
    pub job: String,
    /// Why; none where they do not say.
    pub error: Option<String>,
    /// How many.
    pub many: i64,
    /// When the latest of them began.
    pub latest: Option<DateTime<Utc>>,
    /// The latest of them.
    pub example: String,
}

/// A host, and what ran there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Runs that began.
    pub runs: i64,
    /// Of them failed.
    pub failed: i64,
    /// Of them not ended.
    pub running: i64,
    /// The latest sign of life of a run.
    pub seen_at: Option<DateTime<Utc>>,
}

row! {
    struct RunRow {
        id: Read<String>,
        job: Read<String>,
        status: Read<String>,
        said: Read<String>,
        error: Read<String>,
        started_at: Read<DbTime>,
        duration_ms: Read<i64>,
    }
}

row! {
    struct FailedRow {
        job: Read<String>,
        error: Read<String>,
        many: i64,
        latest: Read<DbTime>,
        example: Read<String>,
    }
}

row! {
    struct HostRow {
        host: Read<String>,
        runs: i64,
        failed: i64,
        running: i64,
        seen_at: Read<DbTime>,
    }
}

fn time(read: Read<DbTime>) -> Option<DateTime<Utc>> {
    read.ok().map(|at| at.0)
}

impl Store {
    /// The latest runs of each job, by the jobs' names, the newest first; about `most` of each, and of at most 50 jobs. A run without a
    /// time that can be read is left out.
    pub async fn recent_runs(&self, most: i64) -> Result<Vec<RecentRun>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<RunRow> = fetch_all!(&mut tx, _, sql::RECENT_RUNS, MOST_JOBS, most);
        tx.rollback().await?;
        let read = |row: RunRow| {
            Some(RecentRun {
                id: row.id.ok().unwrap_or_default(),
                job: row.job.ok().unwrap_or_default(),
                status: row.status.ok().unwrap_or_default(),
                said: row.said.ok(),
                error: row.error.ok(),
                started_at: time(row.started_at)?,
                duration_ms: row.duration_ms.ok(),
            })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Why the runs since `since` failed, the latest first, at most `most` errors; of at most 2,000 runs.
    pub async fn failed_runs(&self, since: DateTime<Utc>, most: i64) -> Result<Vec<FailedRuns>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<FailedRow> = fetch_all!(&mut tx, _, sql::FAILED_RUNS, DbTime(since), FAILED, most);
        tx.rollback().await?;
        let read = |row: FailedRow| FailedRuns {
            job: row.job.ok().unwrap_or_default(),
            error: row.error.ok(),
            many: row.many,
            latest: time(row.latest),
            example: row.example.ok().unwrap_or_default(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Where the runs since `since` ran, the host that was seen last first, at most `most`.
    pub async fn hosts(&self, since: DateTime<Utc>, most: i64) -> Result<Vec<Host>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<HostRow> = fetch_all!(&mut tx, _, sql::HOSTS, DbTime(since), most);
        tx.rollback().await?;
        let read = |row: HostRow| Host {
            name: row.host.ok().unwrap_or_default(),
            runs: row.runs,
            failed: row.failed,
            running: row.running,
            seen_at: time(row.seen_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
