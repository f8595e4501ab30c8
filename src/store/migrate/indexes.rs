//! Indexes on tables that hold rows, while an application is at work on them: built `concurrently`, outside of any transaction, and
//! resumable (spec 09, "Adoption").
//!
//! ```text
//!   there, valid ─────────────────────────────▶ done
//!   the same under another name ──────────────▶ done: not built twice
//!   an invalid leftover, nobody builds it ────▶ dropped ──▶ built
//!   somebody builds it now ───────────────────▶ no: when that one is done
//! ```

use sqlx::AssertSqlSafe;

use super::split::{self, Index};
use crate::store::session::{Tx, fetch_one, fetch_optional};
use crate::store::sql::postgres;
use crate::store::{Pool, Result, Store, StoreError};

/// How an index stands: whether it is valid, and whether somebody builds it just now.
type Standing = (bool, bool);

impl Store {
    /// Whether a table holds rows, for which building an index takes time.
    pub(super) async fn holds_rows(&self, table: &str) -> Result<bool> {
        let mut tx = self.autocommit().await?;
        let (there,): (bool,) = fetch_one!(&mut tx, _, postgres::TABLE_EXISTS, table);
        tx.commit().await?;
        if !there {
            return Ok(false);
        }
        let mut tx = self.simple_query().await?;
        let Tx::Pg(conn) = &mut tx else { return Ok(false) };
        let look = format!("select 1 from {table} limit 1");
        let row = sqlx::raw_sql(AssertSqlSafe(look)).fetch_optional(conn.connection()?).await?;
        tx.commit().await?;
        Ok(row.is_some())
    }

    /// Sees to it that an index is there and valid.
    ///
    /// # Errors
    /// [`crate::store::Class::Unavailable`] where another is building it just now; what the server says where rows are in the way.
    pub(super) async fn build(&self, index: &Index) -> Result<()> {
        match self.standing_of(index).await? {
            Some((true, _)) => return Ok(()),
            Some((false, true)) => {
                return Err(StoreError::unavailable(format!(
                    "another session is building the index {} just now; run `nikita-jobs migrate` again when it is done",
                    index.name
                )));
            }
            Some((false, false)) => {
                tracing::info!(index = index.name, "an unfinished index is dropped and built again");
                self.alone(format!("drop index concurrently if exists {}", index.name)).await?;
            }
            None if self.has_its_like(index).await? => {
                tracing::info!(
                    index = index.name,
                    table = index.table,
                    "an index of the same definition is there already"
                );
                return Ok(());
            }
            None => {}
        }
        tracing::info!(index = index.name, table = index.table, "building an index while the table stays in use");
        self.alone(index.concurrently()).await?;
        match self.standing_of(index).await? {
            Some((true, _)) => Ok(()),
            _ => Err(StoreError::unavailable(format!(
                "the index {} is not valid; run `nikita-jobs migrate` again",
                index.name
            ))),
        }
    }

    async fn standing_of(&self, index: &Index) -> Result<Option<Standing>> {
        let mut tx = self.autocommit().await?;
        let standing: Option<Standing> = fetch_optional!(&mut tx, _, postgres::INDEX_STANDING, index.name);
        tx.commit().await?;
        Ok(standing)
    }

    /// Whether a valid index says the same under another name. The server itself writes ours down, as it would be on an empty copy of the
    /// table, so that two spellings of one definition compare as equal.
    async fn has_its_like(&self, index: &Index) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let Tx::Pg(conn) = &mut tx else { return Ok(false) };
        let shape = format!(
            "set local client_min_messages = warning; create temporary table nikita_jobs_shape (like {}) on commit drop; {}",
            index.table,
            index.on_the_shape()
        );
        let made = sqlx::raw_sql(AssertSqlSafe(shape)).execute(conn.connection()?).await;
        let found = match made {
            Ok(_) => fetch_one!(&mut tx, _, postgres::INDEX_LIKE, index.table),
            // Some types or roles allow no copy; then it is built, twice at the worst.
            Err(_) => (false,),
        };
        let (found,): (bool,) = found;
        tx.rollback().await?;
        Ok(found)
    }

    /// A statement that no transaction may hold, with as much time as it needs.
    async fn alone(&self, sql: String) -> Result<()> {
        let mut tx = self.simple_query().await?;
        let direct = matches!(&self.pool, Pool::Pg(connections) if connections.is_direct());
        let Tx::Pg(conn) = &mut tx else { return Ok(()) };
        if direct {
            sqlx::raw_sql("set lock_timeout = 0; set statement_timeout = 0").execute(conn.connection()?).await?;
        }
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn.connection()?).await;
        if direct {
            sqlx::raw_sql("reset lock_timeout; reset statement_timeout").execute(conn.connection()?).await?;
        }
        done?;
        tx.commit().await
    }
}

/// The statements of a migration but for the indexes that are to be built apart, and those.
pub(super) async fn apart(store: &Store, sql: &'static str) -> Result<(String, Vec<Index>)> {
    let (mut rest, mut indexes) = (String::new(), Vec::new());
    for statement in split::statements(sql) {
        match Index::of(statement) {
            Some(index) if store.holds_rows(index.table).await? => indexes.push(index),
            _ => rest.push_str(statement),
        }
    }
    Ok((rest, indexes))
}
