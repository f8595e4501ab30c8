//! Migrating beside a running application: short lock timeouts, one table per transaction, and indexes built while their tables stay
//! in use. A busy application never queues behind a migration for long (spec 09, "Adoption").

use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::split::{self, Index};
use super::{LEDGER, Pending, Plan, plan};
use crate::clock;
use crate::store::session::{Tx, execute, fetch_one, fetch_optional};
use crate::store::sql::postgres;
use crate::store::{Result, Store, StoreError, columns};

/// How often to try to get a lock.
const TRIES: u32 = 20;
/// A statement that waits for a lock makes all later ones queue behind it, so it gives up soon and lets them pass. Once it has its lock,
/// it has no timeout.
const SHORT: &str =
    "set local lock_timeout = '500ms'; set local statement_timeout = 0; set local client_min_messages = warning";
/// The migration that creates the index on vectors inside a `do` block.
const MEMORY_INDEX: i64 = 4;

/// A migration of an application's database.
pub(super) struct Gently<'a> {
    pub(super) store: &'a Store,
    /// The comment at the beginning of its longer statements, so that they can be found and cancelled.
    pub(super) mark: &'a str,
}

impl Gently<'_> {
    /// Creates the tables that are needed to take a lease.
    pub(super) async fn found(&self) -> Result<()> {
        self.in_one_go(LEDGER.postgres).await?;
        let leases = split::statements(super::POSTGRES.first().map_or("", |it| it.sql))
            .into_iter()
            .find(|it| split::table_of(it) == Some("job_leases"));
        self.in_one_go(leases.unwrap_or_default()).await
    }

    /// Brings the database up to date: first missing columns, table by table; then the migrations, without the indexes of tables that
    /// hold rows; then those indexes. A migration enters the ledger once its indexes are valid, so that an interrupted one resumes
    /// where it stopped.
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
        // Columns that no migration adds, and those of tables that the migrations have just created.
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

    /// The remaining statements of a migration, and the indexes to build separately.
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

    /// Whether a statement adds a column that exists. It is skipped, because even then it would lock the whole table.
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

    /// Runs statements in one transaction, and retries until they get their locks.
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
    /// Fails if existing rows violate the new schema, before anything is changed.
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
            "ready_prompts has more than one current prompt for {pairs} of player and platform (one of them: {example}), but the \
             jobs need one at most. Nothing has been changed. Keep one of each as current, for example the row that was stored last: `update ready_prompts set \
             is_current = false where is_current and ctid not in (select distinct on (user_id, platform) ctid from ready_prompts where \
             is_current order by user_id, platform, ctid desc)`. Then run `nikita-jobs migrate` again"
        )))
    }
}

/// Whether an error is a lock timeout or a deadlock.
fn is_busy(error: &StoreError) -> bool {
    matches!(error.code(), Some("55P03" | "40P01"))
}
