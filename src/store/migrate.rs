//! The schema: which version there is, which this binary needs, and the way from one to the other.
//!
//! What an application's own tables lack is added from the list of [`columns`], before the migrations that build on it.
//!
//! Migrations are embedded in the binary, one folder per dialect with equal versions and names. In an SQLite file and in an empty
//! database all that are pending go in one transaction, together with their entries in the ledger, so a migration is there or it is
//! not; two at once are serialised by the ledger table's own lock, on SQLite by the write lock. Beside an application they go step by
//! step ([`gently`]), under a [`lease`].
//!
//! A migration may say in a line of its own, `-- needs: 0009`, which migration a binary must know to work on the schema that it
//! leaves. Binaries between the two go on with the newer schema, so that a release can migrate first and replace them one host
//! after another. Without such a line only a binary that knows the migration itself works on it.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::columns;
use super::session::{Tx, execute, fetch_all, fetch_one};
use super::sql::LEDGER;
use super::{Pool, Result, Store, StoreError};

mod gently;
mod indexes;
mod lease;
mod split;

/// A migration as it stands in its folder.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

// POSTGRES and SQLITE, in order; build.rs lists the folders.
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// What PostgreSQL understands, and SQLite's migrations borrow; each on a line of its own.
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
    /// The newest migration that a binary must know to work on the schema with this one in it.
    pub needs: i64,
}

/// What there is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The migrations that the database does not have, in order.
    pub migrations: Vec<Pending>,
    /// Statements that add the columns which its tables lack, to go before the migrations.
    pub additions: Vec<String>,
}

impl Plan {
    /// Whether the schema is up to date.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.migrations.is_empty() && self.additions.is_empty()
    }
}

/// What this binary holds for a dialect, in order.
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

/// The versions that this binary knows, ascending, the same in both folders. The SQL is not looked at: every skipped run asks.
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
    /// [`super::Class::Schema`] where the schema is newer than this binary, or where it lacks what can't be added.
    pub async fn plan_migration(&self) -> Result<Plan> {
        let mut tx = self.begin_read().await?;
        let plan = plan(&mut tx).await?;
        tx.rollback().await?;
        Ok(plan)
    }

    /// Brings the schema up to date; what was done. Safe to run twice, and on two hosts at once.
    ///
    /// # Errors
    /// [`super::Class::Schema`] where the schema is newer than this binary, or where it lacks what can't be added.
    pub async fn migrate(&self) -> Result<Plan> {
        if let Pool::Sqlite(_) = self.pool {
            // The usual case, on every start: nothing to do, and no write lock to wait for.
            let plan = self.plan_migration().await?;
            if plan.is_empty() {
                return Ok(plan);
            }
        }
        match self.migrate_once().await {
            // `create table if not exists` is not safe against itself: of two at once, one may be told that it exists.
            Err(error) if error.is_conflict() => self.migrate_once().await.map_err(in_the_way),
            other => other,
        }
    }

    /// Whether another program may be at work on the tables of a database on a server.
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
            self.preflight().await?;
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
        // Afterwards, because the column comes with a migration of its own.
        for migration in plan.migrations.iter().filter(|it| it.needs < it.version) {
            execute!(
                &mut tx,
                "update nikita_jobs_migrations set needs = $2 where version = $1",
                migration.version,
                migration.needs
            );
        }
        // What only the list has.
        let missing = columns::missing(&mut tx).await?;
        let more = columns::additions(&mut tx, &missing).await?;
        columns::add(&mut tx, &more).await?;
        plan.additions.extend(more);
        tx.commit().await?;
        Ok(plan)
    }

    /// Checks that the schema is the one this binary needs, or a newer one that it may work on.
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

/// SQLite has no `add column if not exists`: such a line is looked at here, and left out where the column is there.
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

/// A unique index that can't be made, as what a person can do about it. PostgreSQL's migration says more by itself.
fn in_the_way(error: StoreError) -> StoreError {
    match error {
        error if error.is_conflict() && error.message().contains("ready_prompts") => {
            let why = error.message();
            StoreError::schema(format!(
                "rows are in the way of the schema: {why}. Of a player's ready_prompts at most one of each platform may be current: \
             set is_current = 0 in the others, then run `nikita-jobs migrate` again. Nothing has been changed"
            ))
        }
        other => other,
    }
}

/// Tables that are missing come with a migration that is pending. What no migration brings can't be added.
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
        // Only a newer binary can have written it, so the column is there.
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
