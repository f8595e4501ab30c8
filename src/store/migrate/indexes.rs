//! Builds indexes on tables that hold rows while an application uses them: `concurrently`, outside of any transaction, and resumable
//! (spec 09, "Adoption").
//!
//! ```text
//!   exists, valid ────────────────────────────▶ done
//!   the same under another name ──────────────▶ done: not built twice
//!   an invalid leftover, nobody builds it ────▶ dropped ──▶ built
//!   another session builds it now ────────────▶ error: try again later
//! ```

use std::convert::Infallible;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::gently::Gently;
use super::split::Index;
use crate::store::read::row;
use crate::store::session::{Tx, fetch_one, fetch_optional};
use crate::store::sql::postgres;
use crate::store::{Pool, Result, Store, StoreError};

/// The state of an index: whether it is valid, and whether another session is building it.
type Standing = (bool, bool);

/// How often to log a build's progress.
const OFTEN: Duration = Duration::from_secs(10);

row! {
    /// A build's progress, as the server reports it.
    struct Progress {
        phase: Option<String>,
        blocks_done: Option<i64>,
        blocks_total: Option<i64>,
        tuples_done: Option<i64>,
        tuples_total: Option<i64>,
    }
}

impl Store {
    /// Whether a table holds rows, so that building an index takes time.
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
}

impl Gently<'_> {
    /// Whether to build an index separately: its table holds rows, or it was left unfinished.
    pub(super) async fn takes_time(&self, index: &Index) -> Result<bool> {
        let unfinished = self.standing_of(index).await?.is_some_and(|(is_valid, _)| !is_valid);
        Ok(unfinished || self.store.holds_rows(&index.table).await?)
    }

    /// Builds an index unless it exists and is valid.
    ///
    /// # Errors
    /// [`crate::store::Class::Server`] if another session is building it; the server's error if existing rows violate it.
    pub(super) async fn build(&self, index: &Index) -> Result<()> {
        match self.standing_of(index).await? {
            Some((true, _)) => return Ok(()),
            Some((false, true)) => {
                return Err(StoreError::unavailable(format!(
                    "another session is building the index {}; run `nikita-jobs migrate` again when it is done",
                    index.name
                )));
            }
            Some((false, false)) => {
                tracing::info!(index = %index.name, "dropping an unfinished index to build it again");
                self.alone(index, &format!("drop index concurrently if exists {}", index.name)).await?;
            }
            None if self.has_its_like(index).await? => {
                tracing::info!(
                    index = %index.name,
                    table = %index.table,
                    "an index with the same definition exists already"
                );
                return Ok(());
            }
            None => {}
        }
        tracing::info!(index = %index.name, table = %index.table, "building an index while the table stays in use");
        self.alone(index, &index.concurrently()).await?;
        match self.standing_of(index).await? {
            Some((true, _)) => Ok(()),
            _ => Err(StoreError::unavailable(format!(
                "the index {} is not valid; run `nikita-jobs migrate` again",
                index.name
            ))),
        }
    }

    async fn standing_of(&self, index: &Index) -> Result<Option<Standing>> {
        let mut tx = self.store.autocommit().await?;
        let standing: Option<Standing> = fetch_optional!(&mut tx, _, postgres::INDEX_STANDING, &index.name);
        tx.commit().await?;
        Ok(standing)
    }

    /// Whether a valid index has the same definition under another name. Creates ours on an empty copy of the table, so that the server
    /// prints both definitions and two spellings compare as equal.
    pub(super) async fn has_its_like(&self, index: &Index) -> Result<bool> {
        let mut tx = self.store.begin_write().await?;
        let Tx::Pg(conn) = &mut tx else { return Ok(false) };
        let shape = format!(
            "set local client_min_messages = warning; create temporary table nikita_jobs_shape (like {}) on commit drop; {}",
            index.table,
            index.on_the_shape()
        );
        let made = sqlx::raw_sql(AssertSqlSafe(shape)).execute(conn.connection()?).await;
        let found = match made {
            Ok(_) => fetch_one!(&mut tx, _, postgres::INDEX_LIKE, &index.table),
            // Some types or roles allow no copy. Then the index is built, at worst a second time.
            Err(_) => (false,),
        };
        let (found,): (bool,) = found;
        tx.rollback().await?;
        Ok(found)
    }

    /// Runs a statement that can't be in a transaction, without a timeout, and logs its progress now and then.
    async fn alone(&self, index: &Index, sql: &str) -> Result<()> {
        let mut tx = self.store.simple_query().await?;
        let direct = matches!(&self.store.pool, Pool::Pg(connections) if connections.is_direct());
        let Tx::Pg(conn) = &mut tx else { return Ok(()) };
        if direct {
            sqlx::raw_sql("set lock_timeout = 0; set statement_timeout = 0").execute(conn.connection()?).await?;
        }
        let marked = format!("{}{sql}", self.mark);
        let done = tokio::select! {
            done = sqlx::raw_sql(AssertSqlSafe(marked)).execute(conn.connection()?) => done,
            never = self.say_progress(index) => match never {},
        };
        if direct {
            sqlx::raw_sql("reset lock_timeout; reset statement_timeout").execute(conn.connection()?).await?;
        }
        done?;
        tx.commit().await
    }

    async fn say_progress(&self, index: &Index) -> Infallible {
        loop {
            tokio::time::sleep(OFTEN).await;
            match self.progress_of(index).await {
                Ok(Some(it)) => tracing::info!(
                    index = %index.name, phase = it.phase, blocks_done = it.blocks_done, blocks = it.blocks_total,
                    tuples_done = it.tuples_done, tuples = it.tuples_total, "still building"
                ),
                Ok(None) => tracing::info!(index = %index.name, "still building"),
                Err(error) => tracing::debug!(%error, "the progress of the build is unknown"),
            }
        }
    }

    async fn progress_of(&self, index: &Index) -> Result<Option<Progress>> {
        let mut tx = self.store.autocommit().await?;
        let progress: Option<Progress> = fetch_optional!(&mut tx, _, postgres::INDEX_PROGRESS, &index.table);
        tx.commit().await?;
        Ok(progress)
    }
}
