//! Deletes old executions (spec 06, retention).
//!
//! The age of an execution counts from its end, or from its start if another program did not record an end. Whatever their age, a job
//! keeps its latest execution, which `status` shows, and its latest completed one, which windows and `health` need. An execution that
//! never had a heartbeat is another program's and stays.

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::retry::retrying;
use super::session::{Tx, execute, fetch_one};
use super::{Result, Store, sql};

impl Store {
    /// Deletes executions that ended before `cutoff`, the oldest first, at most `most`, in one transaction. Passes over one that another
    /// program is writing. Returns how many were deleted.
    pub async fn prune(&self, cutoff: DateTime<Utc>, most: i64) -> Result<u64> {
        retrying(|| async {
            let mut tx = self.begin_write().await?;
            if let Tx::Pg(_) = tx {
                // Where the table has no statistics yet, the planner takes what is old for a few rows, and would read and sort them
                // all for each chunk. The index has them in order. For this transaction alone.
                execute!(&mut tx, "set local enable_sort = off");
            }
            let pruned = execute!(&mut tx, sql::PRUNE, DbTime(cutoff), most);
            tx.commit().await?;
            Ok(pruned)
        })
        .await
    }

    /// How many [`Self::prune`] would delete, at most `most`.
    pub async fn count_prunable(&self, cutoff: DateTime<Utc>, most: i64) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::COUNT_PRUNABLE, DbTime(cutoff), most);
        tx.rollback().await?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use sqlx::{AssertSqlSafe, SqlitePool};

    use super::sql::PRUNE;
    use crate::config::database::Database;
    use crate::store::timeouts::Timeouts;
    use crate::store::{Pool, Store};

    /// SQLite's query plan of a statement.
    async fn plan_of(pool: &SqlitePool, sql: &str) -> Vec<String> {
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("explain query plan {sql}"))).fetch_all(pool).await.unwrap();
        rows.into_iter().map(|(.., detail)| detail).collect()
    }

    #[tokio::test]
    async fn sqlite_reads_only_indexes() {
        let nowhere = Database::Sqlite(PathBuf::from("no such folder/no such file").into());
        let store = Store::look(&nowhere, Timeouts::unlimited(None), None).await.unwrap();
        store.migrate().await.unwrap();
        let Pool::Sqlite(pool) = &store.pool else { panic!("it is SQLite") };
        let plan = plan_of(pool, PRUNE.sqlite).await;
        assert!(
            plan.iter().any(|it| it.contains("SEARCH e USING INDEX job_executions_finished (<expr><?)")),
            "{plan:#?}"
        );
        assert!(!plan.iter().any(|it| it.contains("SCAN") || it.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
