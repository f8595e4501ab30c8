//! The current state: pending and stuck conversations, the latest outcomes, the latest completed run.

use chrono::{DateTime, TimeDelta, Utc};

use super::MOST_JOBS;
use crate::core::disposition::MOST_ATTEMPTS;
use crate::core::health::{Attempt, Pending, RecoveredCount};
use crate::store::claims::Due;
use crate::store::codec::DbTime;
use crate::store::read::Read;
use crate::store::session::{fetch_all, fetch_one, fetch_optional};
use crate::store::{Result, Store, sql};

/// How many runs, and how many of their attempts, are read to find the latest outcomes.
const RUNS: i64 = 200;
const ATTEMPTS: i64 = 500;

/// The clocks of two synchronised hosts differ by less. A completion further in the future is not believed.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

impl Store {
    /// The latest attempts at conversations, newest first: at most 500, from the newest 200 runs with conversations.
    pub async fn latest_attempts(&self) -> Result<Vec<Attempt>> {
        let mut tx = self.begin_read().await?;
        let since = DbTime(DateTime::<Utc>::UNIX_EPOCH);
        let rows: Vec<(String, String, Option<f64>)> =
            fetch_all!(&mut tx, _, sql::LATEST_ATTEMPTS, since, RUNS, ATTEMPTS);
        tx.rollback().await?;
        let attempt = |(conversation, status, duration_ms)| Attempt { conversation, status, duration_ms };
        Ok(rows.into_iter().map(attempt).collect())
    }

    /// Conversations that are over and wait to be processed, including those that wait for a retry.
    pub async fn pending(&self, due: &Due) -> Result<Pending> {
        let mut tx = self.begin_read().await?;
        let (count, silent, ended): (i64, Read<DbTime>, Read<DbTime>) =
            fetch_one!(&mut tx, _, sql::PENDING, due.cutoff(), DbTime(due.now), MOST_ATTEMPTS, i32::from(due.rollout));
        tx.rollback().await?;
        let silent = silent.ok().map(|spoken| due.cutoff().0 - spoken.0);
        let ended = ended.ok().map(|ended| due.now - ended.0);
        Ok(Pending { count, oldest_seconds: silent.max(ended).map(|waited| waited.num_seconds().max(0)) })
    }

    /// How many of our executions are `running` without a live lease: their process is gone.
    pub async fn count_dead_runs(&self) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::COUNT_DEAD_RUNS, self.now_parameter());
        tx.rollback().await?;
        Ok(count)
    }

    /// When a run of a job last completed. Ignores implausible times, see [`Self::incredible_completions`].
    pub async fn last_completion(&self, job: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.begin_read().await?;
        let row: Option<(Read<DbTime>,)> =
            fetch_optional!(&mut tx, _, sql::LAST_COMPLETION, job, DbTime(now + CLOCKS_DIFFER));
        tx.rollback().await?;
        Ok(row.and_then(|(at,)| at.ok()).map(|at| at.0))
    }

    /// The jobs with completions implausibly far in the future, and how many.
    pub async fn incredible_completions(&self, now: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
        let mut tx = self.begin_read().await?;
        let latest = DbTime(now + CLOCKS_DIFFER);
        let jobs = fetch_all!(&mut tx, (String, i64), sql::INCREDIBLE_COMPLETIONS, latest, MOST_JOBS);
        tx.rollback().await?;
        Ok(jobs)
    }

    /// Our jobs that another program has completed as well since `since`: its runs have no heartbeat.
    pub async fn foreign_completions(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
        let mut tx = self.begin_read().await?;
        let until = DbTime(now + CLOCKS_DIFFER);
        let jobs = fetch_all!(&mut tx, (String, i64), sql::FOREIGN_COMPLETIONS, DbTime(since), until);
        tx.rollback().await?;
        Ok(jobs)
    }

    /// What runs that began since `since` have recovered, by kind and rule.
    pub async fn recovered_lately(&self, since: DateTime<Utc>) -> Result<Vec<RecoveredCount>> {
        let mut tx = self.begin_read().await?;
        let rows = fetch_all!(&mut tx, (String, String, i64), sql::RECOVERED_LATELY, DbTime(since));
        tx.rollback().await?;
        Ok(rows.into_iter().map(|(kind, rule, count)| RecoveredCount { kind, rule, count }).collect())
    }
}
