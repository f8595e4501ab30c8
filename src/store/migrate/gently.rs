//! Migrating beside an application that is at work: short waits for locks, one table a transaction, and indexes built while their
//! tables stay in use. A busy application never queues behind us (spec 09, "Adoption").

use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::split::{self, Index};
use super::{LEDGER, Pending, Plan, plan};
use crate::clock;
use crate::store::session::{Tx, execute, fetch_one, fetch_optional};
use crate::store::sql::postgres;
use crate::store::{Result, Store, StoreError, columns};

/// How often a lock is asked for.
const TRIES: u32 = 20;
/// Who waits for a lock makes all others wait behind it; so not for long, and then the others go first. What has its lock is not
/// broken off.
const SHORT: &str =
    "set local lock_timeout = '500ms'; set local statement_timeout = 0; set local client_min_messages = warning";
/// The migration whose index on vectors stands inside a block of its own.
const MEMORY_INDEX: i64 = 4;

/// A migration of an application's database.
pub(super) struct Gently<'a> {
    pub(super) store: &'a Store,
    /// What each of its longer statements begins with, so that they can be found and cancelled.
    pub(super) mark: &'a str,
}

impl Gently<'_> {
    /// The tables without which no lease can be taken.
    pub(super) async fn found(&self) -> Result<()> {
        self.in_one_go(LEDGER.postgres).await?;
        let leases = split::statements(super::POSTGRES.first().map_or("", |it| it.sql))
            .into_iter()
            .find(|it| split::table_of(it) == Some("job_leases"));
        self.in_one_go(leases.unwrap_or_default()).await
    }

    /// Brings the database up to date: what its tables lack, table by table; then migration by migration, without the indexes of
    /// tables that hold rows; then those. A migration enters the ledger when its indexes are valid, so that one that was broken off
    /// goes on where it was.
    pub(super) async fn migrate(&self) -> Result<Plan> {
        let mut tx = self.store.begin_read().await?;
        let mut done = plan(&mut tx).await?;
        tx.rollback().await?;
        for addition in &done.additions {
            self.in_one_go(addition).await?;
        }
        let mut later = Vec::new();
        for migration in &done.migrations {
            let (rest, indexes) = self.apart(migration).await?;
            for statements in split::by_table(&rest) {
                self.in_one_go(&statements).await?;
            }
            if indexes.is_empty() && later.is_empty() {
                self.enter(migration.version, migration.name).await?;
            } else {
                later.push((migration, indexes));
            }
        }
        // What only the list has, and what of it came with a migration that has made its table.
        let mut tx = self.store.begin_read().await?;
        let missing = columns::missing(&mut tx).await?;
        let more = columns::additions(&mut tx, &missing).await?;
        tx.rollback().await?;
        for addition in &more {
            self.in_one_go(addition).await?;
        }
        for (migration, indexes) in later {
            for index in &indexes {
                self.build(index).await?;
            }
            self.enter(migration.version, migration.name).await?;
        }
        for migration in done.migrations.iter().filter(|it| it.needs < it.version) {
            let mut tx = self.store.begin_write().await?;
            let sql = "update nikita_jobs_migrations set needs = $2 where version = $1";
            execute!(&mut tx, sql, migration.version, migration.needs);
            tx.commit().await?;
        }
        done.additions.extend(more);
        Ok(done)
    }

    /// The statements of a migration that are left to do, but for the indexes that are to be built apart, and those.
    async fn apart(&self, migration: &Pending) -> Result<(Vec<&'static str>, Vec<Index>)> {
        let (mut rest, mut indexes) = (Vec::new(), Vec::new());
        for statement in split::statements(migration.sql) {
            if migration.version == MEMORY_INDEX && self.store.holds_rows("memory_facts").await? {
                indexes.extend(self.memory_index().await?);
                continue;
            }
            match Index::of(statement) {
                Some(index) if self.takes_time(&index).await? => indexes.push(index),
                Some(index) if self.has_its_like(&index).await? => {}
                _ if self.is_there(statement).await? => {}
                _ => rest.push(statement),
            }
        }
        Ok((rest, indexes))
    }

    /// Whether a statement adds a column that is there: even then it would lock out everybody from the table.
    async fn is_there(&self, statement: &'static str) -> Result<bool> {
        let Some((table, column)) = split::added_column(statement) else { return Ok(false) };
        let sql = "select exists (select from pg_attribute where attrelid = to_regclass(quote_ident($1)) and attname = $2 and not attisdropped)";
        let mut tx = self.store.autocommit().await?;
        let (there,): (bool,) = fetch_one!(&mut tx, _, sql, table, column);
        tx.commit().await?;
        Ok(there)
    }

    async fn memory_index(&self) -> Result<Option<Index>> {
        let mut tx = self.store.autocommit().await?;
        let schema: Option<(String,)> = fetch_optional!(&mut tx, _, postgres::MEMORY_INDEX);
        tx.commit().await?;
        Ok(schema.map(|(schema,)| Index::of_vectors(&schema)))
    }

    /// Some statements in a transaction, as often as it takes to get their locks.
    async fn in_one_go(&self, sql: &str) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.try_in_one_go(sql).await {
                Err(error) if is_busy(&error) && tries < TRIES => {
                    tracing::info!(tries, "a table is busy, trying again");
                    tries += 1;
                    let pause = Duration::from_millis(100 * u64::from(tries));
                    tokio::time::sleep(pause.mul_f64(0.5 + clock::chance())).await;
                }
                Err(error) if is_busy(&error) => {
                    let table = split::table_of(sql).filter(|it| !it.is_empty()).unwrap_or("a table");
                    return Err(StoreError::unavailable(format!(
                        "{table} is busy: migrate asked {TRIES} times for a lock on it, half a second each time, and a transaction held it \
                         all along. What has been done so far stays. Look for a transaction that is long open (pg_stat_activity, \
                         xact_start), then run `nikita-jobs migrate` again"
                    )));
                }
                other => return other,
            }
        }
    }

    async fn try_in_one_go(&self, sql: &str) -> Result<()> {
        let mut tx = self.store.begin_write().await?;
        if let Tx::Pg(conn) = &mut tx {
            sqlx::raw_sql(SHORT).execute(conn.connection()?).await?;
            let marked = format!("{}{sql}", self.mark);
            sqlx::raw_sql(AssertSqlSafe(marked)).execute(conn.connection()?).await?;
        }
        tx.commit().await
    }

    async fn enter(&self, version: i64, name: &'static str) -> Result<()> {
        let mut tx = self.store.begin_write().await?;
        let sql = "insert into nikita_jobs_migrations (version, name, applied_at) values ($1, $2, cast(now() as text)) \
             on conflict (version) do nothing";
        execute!(&mut tx, sql, version, name);
        tx.commit().await
    }
}

impl Store {
    /// Rows that the schema can't bear, told before anything is changed.
    pub(super) async fn nothing_in_the_way(&self) -> Result<()> {
        let mut tx = self.begin_read().await?;
        let (there,): (bool,) = fetch_one!(&mut tx, _, postgres::TABLE_EXISTS, "ready_prompts");
        let (lacks,): (i64,) = fetch_one!(
            &mut tx,
            _,
            "select count(*) from pg_attribute where attrelid = to_regclass('ready_prompts') and attname = 'is_current'"
        );
        let (twice, example): (i64, Option<String>) =
            if there && lacks == 1 { fetch_one!(&mut tx, _, postgres::PROMPTS_IN_THE_WAY) } else { (0, None) };
        tx.rollback().await?;
        if twice == 0 {
            return Ok(());
        }
        let example = example.unwrap_or_default();
        let pairs = if twice == 1 { "one pair".to_owned() } else { format!("{twice} pairs") };
        Err(StoreError::schema(format!(
            "ready_prompts has more than one current prompt for {pairs} of player and platform (one of them: {example}), and the \
             jobs need one at most. Nothing has been changed. Keep one of each as current, for example the row that was stored last: `update ready_prompts set \
             is_current = false where is_current and ctid not in (select distinct on (user_id, platform) ctid from ready_prompts where \
             is_current order by user_id, platform, ctid desc)`. Then run `nikita-jobs migrate` again"
        )))
    }
}

/// A lock that was not to be had in time, or a deadlock that we were taken out of.
fn is_busy(error: &StoreError) -> bool {
    matches!(error.code(), Some("55P03" | "40P01"))
}
