//! The schema's version in the database, the version that this binary needs, and the migration between them.
//!
//! Columns that an application's own tables lack are added from the list in [`columns`], before the migrations that build on them.
//!
//! Migrations are embedded in the binary, one folder per dialect with equal versions and names. An SQLite file or an empty database
//! gets all pending migrations in one transaction, together with their entries in the ledger. The lock of the ledger table, on SQLite
//! the write lock, serialises two concurrent migrations. Beside an application they run step by step ([`gently`]), under a [`lease`].
//!
//! A migration can say with a line `-- needs: 0009` which migration a binary must know to work on the schema that it leaves. Older
//! binaries that know that one continue to work on the newer schema, so that a release can migrate first and then replace the binaries
//! one host after another. Without such a line, only a binary that knows the migration itself works on its schema.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::columns;
use super::session::{Tx, execute, fetch_all, fetch_one};
use super::sql::LEDGER;
use super::{Pool, Result, Store, StoreError};

mod gently;
mod indexes;
mod lease;
mod split;

/// A migration in its folder.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

// POSTGRES and SQLITE, in order; build.rs lists the folders.
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// PostgreSQL's syntax, which SQLite's migrations borrow, each on a line of its own (see [`run_sqlite`]).
const ADD_COLUMN: &str = " add column if not exists ";

/// A migration that the database does not have yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number, ascending.
    pub version: i64,
    /// What it does, in a few words.
    pub name: &'static str,
    /// Its SQL.
    pub sql: &'static str,
    /// The newest migration that a binary must know to work on the schema after this one.
    pub needs: i64,
}

/// A plan to bring the schema up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The pending migrations, in order.
    pub migrations: Vec<Pending>,
    /// Statements that add missing columns, to run before the migrations.
    pub additions: Vec<String>,
}

impl Plan {
    /// Whether the schema is up to date.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.migrations.is_empty() && self.additions.is_empty()
    }
}

/// The embedded migrations of a dialect, in order.
fn embedded(migrations: &'static [Migration]) -> impl Iterator<Item = Pending> {
    migrations.iter().map(|&Migration { version, name, sql }| Pending {
        version,
        name,
        sql,
        needs: needs(sql).unwrap_or(version),
    })
}

fn needs(sql: &str) -> Option<i64> {
    sql.lines().find_map(|line| line.strip_prefix("-- needs: ")?.trim().parse().ok())
}

/// The versions that this binary knows, ascending, the same for both dialects. Cheap, because every skipped run needs them.
pub(super) fn embedded_versions() -> impl DoubleEndedIterator<Item = i64> {
    POSTGRES.iter().map(|it| it.version)
}

/// The newest of them.
fn newest() -> i64 {
    embedded_versions().next_back().unwrap_or_default()
}

impl Store {
    /// What [`Store::migrate`] would do; changes nothing.
    ///
    /// # Errors
    /// [`super::Class::Schema`] if the schema is newer than this binary, or lacks columns that can't be added.
    pub async fn plan_migration(&self) -> Result<Plan> {
        let mut tx = self.begin_read().await?;
        let plan = plan(&mut tx).await?;
        tx.rollback().await?;
        Ok(plan)
    }

    /// Brings the schema up to date and returns what was done. Safe to run twice, and on two hosts at once.
    ///
    /// # Errors
    /// [`super::Class::Schema`] if the schema is newer than this binary, or lacks columns that can't be added.
    pub async fn migrate(&self) -> Result<Plan> {
        if let Pool::Sqlite(_) = self.pool {
            // The usual case on every start: nothing to do, so do not wait for the write lock.
            let plan = self.plan_migration().await?;
            if plan.is_empty() {
                return Ok(plan);
            }
        }
        match self.migrate_once().await {
            // `create table if not exists` can fail if two run concurrently.
            Err(error) if error.is_conflict() => self.migrate_once().await.map_err(in_the_way),
            other => other,
        }
    }

    /// Whether an application can be using the tables: those of a server's database that is not empty.
    async fn is_beside_an_application(&self) -> Result<bool> {
        if let Pool::Sqlite(_) = self.pool {
            return Ok(false);
        }
        let mut tx = self.autocommit().await?;
        let (there,): (bool,) = fetch_one!(&mut tx, _, super::sql::postgres::TABLE_EXISTS, "users");
        tx.commit().await?;
        Ok(there)
    }

    async fn migrate_once(&self) -> Result<Plan> {
        if let Pool::Pg(_) = self.pool {
            self.check_prerequisites().await?;
        }
        let mut tx = self.begin_write().await?;
        if let Tx::Pg(_) = tx {
            execute!(&mut tx, "set local client_min_messages = warning");
        }
        execute!(&mut tx, LEDGER);
        if let Tx::Pg(_) = tx {
            execute!(&mut tx, "lock table nikita_jobs_migrations in exclusive mode");
        }
        let mut plan = plan(&mut tx).await?;
        columns::add(&mut tx, &plan.additions).await?;
        for migration in &plan.migrations {
            match &mut tx {
                Tx::Pg(conn) => sqlx::raw_sql(migration.sql).execute(conn.connection()?).await.map(drop),
                Tx::Sqlite(conn) => run_sqlite(conn.connection(), migration.sql).await,
            }?;
            let sql = tx.pick(
                "insert into nikita_jobs_migrations (version, name, applied_at) values ($1, $2, cast(now() as text))",
                "insert into nikita_jobs_migrations (version, name, applied_at) values ($1, $2, datetime('now'))",
            );
            execute!(&mut tx, sql, migration.version, migration.name);
        }
        // Afterwards, because a migration adds this column.
        for migration in plan.migrations.iter().filter(|it| it.needs < it.version) {
            execute!(
                &mut tx,
                "update nikita_jobs_migrations set needs = $2 where version = $1",
                migration.version,
                migration.needs
            );
        }
        // Columns that no migration adds.
        let missing = columns::missing(&mut tx).await?;
        let more = columns::additions(&mut tx, &missing).await?;
        columns::add(&mut tx, &more).await?;
        plan.additions.extend(more);
        tx.commit().await?;
        Ok(plan)
    }

    /// Checks that the schema is the one this binary needs, or a newer one that it can work on.
    ///
    /// # Errors
    /// [`super::Class::Schema`] with the command to run.
    pub async fn check_schema(&self) -> Result<()> {
        let mut tx = self.begin_read().await?;
        let pending = pending(&mut tx).await?;
        if let Some(next) = pending.first() {
            return Err(StoreError::schema(format!(
                "the schema is older than this binary: migration {:04} ({}) is missing. Run `nikita-jobs migrate` \
                 (`nikita-jobs migrate --plan` shows what it would do)",
                next.version, next.name
            )));
        }
        let missing = columns::missing(&mut tx).await?;
        tx.rollback().await?;
        columns::require(&missing)
    }

    /// Whether a column that our statements use is missing.
    pub async fn lacks_columns(&self) -> Result<bool> {
        let mut tx = self.autocommit().await?;
        let missing = columns::missing(&mut tx).await?;
        tx.commit().await?;
        Ok(!missing.is_empty())
    }
}

/// Runs a migration on SQLite, which has no `add column if not exists`: skips such a line if the column exists.
async fn run_sqlite(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut rest = sql;
    while let Some(at) = rest.find(ADD_COLUMN) {
        let begins = rest[..at].rfind('\n').map_or(0, |end| end + 1);
        let (line, after) = rest[begins..].split_once('\n').unwrap_or((&rest[begins..], ""));
        sqlx::raw_sql(&rest[..begins]).execute(&mut *conn).await?;
        let mut words = line.split(' ');
        let (table, column) = (words.nth(2).unwrap_or_default(), words.nth(5).unwrap_or_default());
        let (there,): (i64,) =
            sqlx::query_as("select count(*) from pragma_table_xinfo($1) where name = $2 collate nocase")
                .bind(table)
                .bind(column)
                .fetch_one(&mut *conn)
                .await?;
        if there == 0 {
            sqlx::raw_sql(AssertSqlSafe(line.replacen(ADD_COLUMN, " add column ", 1))).execute(&mut *conn).await?;
        }
        rest = after;
    }
    sqlx::raw_sql(rest).execute(conn).await.map(drop)
}

/// Rewords the failure of a unique index as instructions. PostgreSQL's migration gives its own.
fn in_the_way(error: StoreError) -> StoreError {
    match error {
        error if error.is_conflict() && error.message().contains("ready_prompts") => {
            let why = error.message();
            StoreError::schema(format!(
                "existing rows violate the schema: {why}. A player can have only one current row in ready_prompts for each platform: \
             set is_current = 0 in the others, then run `nikita-jobs migrate` again. Nothing has been changed"
            ))
        }
        other => other,
    }
}

/// Makes a plan. Fails if columns are missing that can't be added; a pending migration can create a whole missing table.
async fn plan(tx: &mut Tx) -> Result<Plan> {
    let migrations = pending(tx).await?;
    let missing = columns::missing(tx).await?;
    let lost: Vec<_> = missing.iter().filter(|it| it.is_lost(!migrations.is_empty())).cloned().collect();
    columns::require(&lost)?;
    let additions = columns::additions(tx, &missing).await?;
    Ok(Plan { migrations, additions })
}

async fn pending(tx: &mut Tx) -> Result<Vec<Pending>> {
    let sql = tx.pick(
        "select count(*) from pg_catalog.pg_class where oid = to_regclass('nikita_jobs_migrations')",
        "select count(*) from sqlite_master where type = 'table' and name = 'nikita_jobs_migrations'",
    );
    let (ledgers,): (i64,) = fetch_one!(&mut *tx, _, sql);
    let applied: Vec<(i64,)> = if ledgers == 0 {
        Vec::new()
    } else {
        fetch_all!(&mut *tx, _, "select version from nikita_jobs_migrations order by version")
    };
    if let Some((version,)) = applied.last()
        && *version > newest()
    {
        // Only a newer binary can have written this version, so the column `needs` exists.
        let (needs,): (i64,) =
            fetch_one!(&mut *tx, _, "select max(coalesce(needs, version)) from nikita_jobs_migrations");
        if needs > newest() {
            return Err(StoreError::schema(format!(
                "the schema (version {version}) is newer than this binary (version {}). Install the newer nikita-jobs",
                newest()
            )));
        }
    }
    let migrations = match tx {
        Tx::Pg(_) => POSTGRES,
        Tx::Sqlite(_) => SQLITE,
    };
    Ok(embedded(migrations).filter(|it| !applied.contains(&(it.version,))).collect())
}
