//! The other runner: work of our jobs that the application's own endpoints and schedules still do (spec 09, "Moving over").

use super::read::row;
use super::session::{Tx, fetch_all, fetch_one};
use super::{Result, Store, sql};
use crate::core::doctor::judge::{ForeignRuns, ForeignSchedule};

row! {
    struct RunsRow {
        job_name: String,
        runs: i64,
        latest: String,
    }
}

row! {
    struct ScheduleRow {
        id: String,
        schedule: String,
        endpoint: String,
    }
}

impl Store {
    /// Runs of our jobs that another program completed within a day. They have no heartbeat, which ours always have.
    pub async fn foreign_runs(&self) -> Result<Vec<ForeignRuns>> {
        let mut tx = self.autocommit().await?;
        let rows: Vec<RunsRow> = fetch_all!(&mut tx, _, sql::FOREIGN_RUNS);
        tx.commit().await?;
        Ok(rows.into_iter().map(|it| ForeignRuns { job: it.job_name, runs: it.runs, latest: it.latest }).collect())
    }

    /// `pg_cron` schedules that call an endpoint which our jobs replace; empty if `pg_cron` is missing or this role can't read it.
    pub async fn foreign_schedules(&self) -> Result<Vec<ForeignSchedule>> {
        let mut tx = self.autocommit().await?;
        if let Tx::Sqlite(_) = tx {
            return Ok(Vec::new());
        }
        let (readable,): (bool,) = fetch_one!(&mut tx, _, sql::postgres::CRON_IS_READABLE);
        tx.commit().await?;
        if !readable {
            return Ok(Vec::new());
        }
        let mut tx = self.autocommit().await?;
        let rows: Vec<ScheduleRow> = fetch_all!(&mut tx, _, sql::postgres::FOREIGN_SCHEDULES);
        tx.commit().await?;
        let schedule = |it: ScheduleRow| ForeignSchedule { id: it.id, schedule: it.schedule, endpoint: it.endpoint };
        Ok(rows.into_iter().map(schedule).collect())
    }
}
