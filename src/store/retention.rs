//! Old executions, and their end (spec 06, retention).
//!
//! An execution is as old as its end, or as its start where another program has not said when it ended. Whatever its age, a job
//! keeps its latest execution, which `status` shows, and its latest completed one, which windows and `health` go by.

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::session::{Tx, execute, fetch_one};
use super::{Result, Store};

/// An execution `e` that ended before $1 and that its job can spare. By the index `job_executions_finished`; the two
/// subqueries take one entry each of an index by job.
macro_rules! prunable {
    () => {
        "from job_executions e where e.status in ('completed', 'failed') and coalesce(e.completed_at, e.started_at) < $1 \
         and (e.started_at is null or e.started_at < (select max(l.started_at) from job_executions l where l.job_name = e.job_name)) \
         and (e.status <> 'completed' or e.completed_at is null or e.completed_at < (select max(c.completed_at) \
             from job_executions c where c.job_name = e.job_name and c.status = 'completed'))"
    };
}

/// At most $2 of them are deleted, the oldest first. By primary key, through an array, whatever a planner makes of the numbers.
const PRUNE_POSTGRES: &str = concat!(
    "delete from job_executions where id = any(array(select e.id ",
    prunable!(),
    " order by coalesce(e.completed_at, e.started_at) limit $2 for update skip locked))"
);
const PRUNE_SQLITE: &str = concat!(
    "delete from job_executions where id in (select e.id ",
    prunable!(),
    " order by coalesce(e.completed_at, e.started_at) limit $2)"
);
const COUNT: &str = concat!("select count(*) from (select 1 ", prunable!(), " limit $2) it");

impl Store {
    /// Deletes executions that ended before `cutoff`, the oldest first, at most `most`, in one transaction; how many they were.
    /// One that another program is writing to is passed over.
    pub async fn prune(&self, cutoff: DateTime<Utc>, most: i64) -> Result<u64> {
        let mut tx = self.begin_write().await?;
        if let Tx::Pg(_) = tx {
            // Where the table has no statistics yet, the planner takes what is old for a few rows, and would read and sort them
            // all for each chunk. The index has them in order. For this transaction alone.
            execute!(&mut tx, "set local enable_sort = off");
        }
        let sql = tx.pick(PRUNE_POSTGRES, PRUNE_SQLITE);
        let pruned = execute!(&mut tx, sql, DbTime(cutoff), most);
        tx.commit().await?;
        Ok(pruned)
    }

    /// How many [`Self::prune`] would delete, at most `most`.
    pub async fn count_prunable(&self, cutoff: DateTime<Utc>, most: i64) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, COUNT, DbTime(cutoff), most);
        tx.rollback().await?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use sqlx::{AssertSqlSafe, SqlitePool};

    use super::PRUNE_SQLITE;
    use crate::config::database::Database;
    use crate::store::terms::Terms;
    use crate::store::{Pool, Store};

    /// What SQLite says about how it goes about a statement.
    async fn plan_of(pool: &SqlitePool, sql: &str) -> Vec<String> {
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("explain query plan {sql}"))).fetch_all(pool).await.unwrap();
        rows.into_iter().map(|(.., detail)| detail).collect()
    }

    #[tokio::test]
    async fn sqlite_reads_indexes_alone() {
        let nowhere = Database::Sqlite(PathBuf::from("no such folder/no such file").into());
        let store = Store::look(&nowhere, Terms::patient(None), None).await.unwrap();
        store.migrate().await.unwrap();
        let Pool::Sqlite(pool) = &store.pool else { panic!("it is SQLite") };
        let plan = plan_of(pool, PRUNE_SQLITE).await;
        assert!(
            plan.iter().any(|it| it.contains("SEARCH e USING INDEX job_executions_finished (<expr><?)")),
            "{plan:#?}"
        );
        assert!(!plan.iter().any(|it| it.contains("SCAN") || it.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
