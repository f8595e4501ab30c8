//! How things stand now: what is pending and stuck, the latest outcomes, the latest completed run.

use chrono::{DateTime, Utc};

use super::{entries, number, word};
use crate::core::health::{Attempt, Pending};
use crate::store::claims::{Due, within_rollout};
use crate::store::codec::DbTime;
use crate::store::session::{fetch_all, fetch_one, fetch_optional};
use crate::store::{Result, Store};

/// How many runs, and how many attempts of theirs, are read to find the latest outcomes.
const RUNS: i64 = 200;
const ATTEMPTS: i64 = 500;

/// The query of [`Store::pending`]: what was silent long enough, and calls that have ended.
macro_rules! waiting {
    ($within_rollout:expr) => {
        concat!(
            "select silent.many + ended.many, silent.oldest, ended.oldest from \
                 (select count(*) as many, min(c.last_message_at) as oldest from conversations c \
                  where c.status = 'active' and c.claim_token is null and c.processing_attempts < 3 \
                  and c.last_message_at <= $1 and ",
            $within_rollout,
            ") silent, \
                 (select count(*) as many, min(c.ended_at) as oldest from conversations c \
                  where c.status = 'active' and c.claim_token is null and c.processing_attempts < 3 \
                  and c.platform = 'voice' and c.ended_at <= $2 \
                  and (c.last_message_at is null or c.last_message_at > $1) and ",
            $within_rollout,
            ") ended"
        )
    };
}

impl Store {
    /// The latest attempts at conversations, newest first: of the newest 200 runs that met one, at most 500.
    pub async fn latest_attempts(&self) -> Result<Vec<Attempt>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(
                entries!(pg),
                " select ",
                word!(pg, "entry", "conversation_id"),
                ", ",
                word!(pg, "entry", "status"),
                ", ",
                number!(pg, "entry", "total_duration_ms"),
                " from entries order by started_at desc limit $3"
            ),
            concat!(
                entries!(sqlite),
                " select ",
                word!(sqlite, "entry", "conversation_id"),
                ", ",
                word!(sqlite, "entry", "status"),
                ", ",
                number!(sqlite, "entry", "total_duration_ms"),
                " from entries order by started_at desc limit $3"
            ),
        );
        let since = DbTime(DateTime::<Utc>::UNIX_EPOCH);
        let rows: Vec<(String, String, Option<f64>)> = fetch_all!(&mut tx, _, sql, since, RUNS, ATTEMPTS);
        tx.rollback().await?;
        let attempt = |(conversation, status, duration_ms)| Attempt { conversation, status, duration_ms };
        Ok(rows.into_iter().map(attempt).collect())
    }

    /// What is over and waits to be processed, what waits for a retry included.
    pub async fn pending(&self, due: &Due) -> Result<Pending> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(waiting!(within_rollout!(pg, "$3")), waiting!(within_rollout!(sqlite, "$3")));
        let (count, silent, ended): (i64, Option<DbTime>, Option<DbTime>) =
            fetch_one!(&mut tx, _, sql, due.cutoff(), DbTime(due.now), i32::from(due.rollout));
        tx.rollback().await?;
        let silent = silent.map(|spoken| due.cutoff().0 - spoken.0);
        let ended = ended.map(|ended| due.now - ended.0);
        Ok(Pending { count, oldest_seconds: silent.max(ended).map(|waited| waited.num_seconds().max(0)) })
    }

    /// How many executions of ours are `running` and have no live lease: their process is gone.
    pub async fn count_dead_runs(&self, now: DateTime<Utc>) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let sql = "select count(*) from job_executions e where e.status = 'running' and e.heartbeat_at is not null \
             and not exists (select 1 from job_leases l where l.execution_id = e.id and l.expires_at > $1)";
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql, DbTime(now));
        tx.rollback().await?;
        Ok(count)
    }

    /// When a run of a job completed last.
    pub async fn last_completion(&self, job: &str) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.begin_read().await?;
        let sql = "select completed_at from job_executions where job_name = $1 and status = 'completed' \
             and completed_at is not null order by completed_at desc limit 1";
        let row: Option<(DbTime,)> = fetch_optional!(&mut tx, _, sql, job);
        tx.rollback().await?;
        Ok(row.map(|(at,)| at.0))
    }
}
