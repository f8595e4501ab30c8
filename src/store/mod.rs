//! All SQL. No other module knows a dialect, and no transaction leaves this one.
//!
//! [`Store`] is a connection pool to one database. Its operations are grouped by subject: [`precheck`], [`runs`] (lease, window,
//! execution), [`claims`], [`snapshots`], [`commit`], [`memos`], [`decay`], [`memory`], [`breakers`], [`migrate`], [`history`],
//! [`retention`], [`demo`], [`checkup`] (for `doctor`), [`check`], [`stuck`] (conversations) and [`records`] (audits and
//! executions).

use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::config::database::{Database, SqliteMode};
use crate::config::state;

pub mod audits;
pub mod backfill;
pub mod blame;
pub mod breakers;
pub mod check;
pub mod checkup;
pub mod claims;
mod codec;
mod columns;
pub mod commit;
mod connections;
pub mod decay;
pub mod demo;
mod error;
pub mod failures;
pub mod foreign;
mod found;
pub mod history;
mod lenient_json;
pub mod memory;
pub mod memos;
pub mod migrate;
pub mod precheck;
mod preflight;
pub mod progress;
mod read;
pub mod records;
pub mod retention;
mod retry;
pub mod role;
pub mod runs;
mod servers;
mod session;
pub mod single;
pub mod snapshots;
mod sql;
pub mod stuck;
pub mod terms;
mod whose;
pub mod why;

use codec::DbTime;
use connections::Connections;
pub use error::{Result, StoreError};
use found::Found;
use servers::Servers;
use session::{SqliteTx, Tx};
use terms::{PATIENCE, Terms};
pub use whose::{Another, Class};

/// On a table with millions of rows, the planner's estimates make the server compile even a statement that reads few rows, which takes two
/// hundred times as long as running it.
const NO_JIT: &str = "; set local jit = off";

/// One database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// The hidden `--now`, which replaces the database's clock.
    now: Option<DateTime<Utc>>,
    found: Found,
}

#[derive(Clone, Debug)]
enum Pool {
    Pg(Connections),
    Sqlite(SqlitePool),
}

impl Store {
    /// Opens the database and checks that its schema is this binary's. Creates and migrates an SQLite file on first use; only `migrate`
    /// migrates PostgreSQL.
    ///
    /// `connections` is the most connections at once; `now` replaces the database's clock.
    pub async fn open(database: &Database, terms: Terms, connections: u32, now: Option<DateTime<Utc>>) -> Result<Self> {
        let store = Self::connect(database, terms, connections, now).await?;
        store.make_ready().await?;
        Ok(store)
    }

    /// Checks that the schema is this binary's, and migrates an SQLite file. Fails on a read-only standby.
    pub async fn make_ready(&self) -> Result<()> {
        match self.pool {
            Pool::Sqlite(_) => self.migrate().await.map(drop),
            Pool::Pg(_) => {
                self.require_primary().await?;
                self.check_schema().await
            }
        }
    }

    /// Opens the database without checking its schema, for `migrate` or a precheck.
    pub async fn connect(
        database: &Database,
        terms: Terms,
        connections: u32,
        now: Option<DateTime<Utc>>,
    ) -> Result<Self> {
        let pool = match database {
            Database::Postgres(url) => {
                let most = url.connections.map_or(connections, |most| most.min(connections));
                Pool::Pg(Connections::open(Servers::of(url, false)?, terms, most).await?)
            }
            Database::Sqlite(file) => {
                let path = &file.path;
                if file.mode == SqliteMode::Create {
                    // If this fails, SQLite reports why.
                    let _ = state::make_file(path);
                }
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(file.mode == SqliteMode::Create)
                    .read_only(file.mode == SqliteMode::Read)
                    .foreign_keys(true);
                let options = if file.mode == SqliteMode::Read {
                    options
                } else {
                    options
                        .journal_mode(SqliteJournalMode::Wal)
                        // In pages: 40 MB. A long run writes most pages repeatedly; a rare checkpoint copies each into the file only
                        // once.
                        .pragma("wal_autocheckpoint", "10000")
                        .synchronous(SqliteSynchronous::Full)
                };
                // SQLite has one writer at a time; more connections would only queue.
                Pool::Sqlite(connect_sqlite(path, options, terms, connections.min(4)).await?)
            }
        };
        Ok(Self { pool, now, found: Found::default() })
    }

    /// Opens the database read-only: an SQLite file is neither created nor changed, and a missing one counts as empty. A standby is
    /// allowed.
    pub async fn look(database: &Database, terms: Terms, now: Option<DateTime<Utc>>) -> Result<Self> {
        let pool = match database {
            Database::Postgres(url) => Pool::Pg(Connections::open(Servers::of(url, true)?, terms, 1).await?),
            Database::Sqlite(file) => {
                let options = SqliteConnectOptions::new();
                let options = if file.exists() {
                    options.filename(&file.path).pragma("query_only", "on")
                } else {
                    options.in_memory(true)
                };
                Pool::Sqlite(connect_sqlite(file, options, terms, 1).await?)
            }
        };
        Ok(Self { pool, now, found: Found::default() })
    }

    /// Whether a hidden `--now` replaces the database's clock.
    #[must_use]
    pub const fn is_overridden(&self) -> bool {
        self.now.is_some()
    }

    /// An empty SQLite database in memory, in place of a missing file that must not be created.
    pub async fn empty(now: Option<DateTime<Utc>>) -> Result<Self> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let pool = Pool::Sqlite(connect_sqlite(Path::new("memory"), options, Terms::patient(None), 1).await?);
        let store = Self { pool, now, found: Found::default() };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes every connection, so that an SQLite file is left without its `-wal`. Does not wait for a server that does not answer.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Pg(connections) => connections.close().await,
            Pool::Sqlite(pool) => pool.close().await,
        }
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let mut tx = self.autocommit().await?;
        let sql = tx.pick("select clock_timestamp()", "select strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')");
        let (now,): (DbTime,) = session::fetch_one!(&mut tx, _, sql);
        tx.commit().await?;
        Ok(now.0)
    }

    /// Begins a transaction. On SQLite it takes the write lock at once, because a transaction that begins with a read would later fail
    /// instead of waiting for the lock.
    async fn begin_write(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => begin_postgres(connections, "").await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin_with("begin immediate").await?))),
        }
    }

    /// Begins a read-only transaction. On SQLite it waits for no writer.
    async fn begin_read(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => begin_postgres(connections, NO_JIT).await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin().await?))),
        }
    }

    /// The same for a read of a whole table, which may take longer: on a connection of its own, so that no heartbeat waits for it. Where
    /// there is one alone it has no more time than any statement.
    async fn begin_long_read(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) if !connections.is_only_one() => {
                let mut lent = connections.take().await?;
                lent.begin_long(NO_JIT).await?;
                Ok(Tx::Pg(lent))
            }
            _ => self.begin_read().await,
        }
    }

    /// For exactly one statement, which is its own transaction: it is committed when it returns and can't be rolled back. This saves two
    /// round trips, except where each transaction must begin with our settings. That is so behind a pooler, where only a transaction
    /// keeps the preparation and the execution of a statement on the same connection.
    async fn autocommit(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) if connections.by_text() => begin_postgres(connections, "").await,
            Pool::Pg(connections) => Ok(Tx::Pg(connections.take().await?)),
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Alone(pool.acquire().await?))),
        }
    }

    /// For one statement in the simple protocol, which a pooler can't split, and which can't be in a transaction: `create index
    /// concurrently`.
    async fn simple_query(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => Ok(Tx::Pg(connections.take().await?)),
            Pool::Sqlite(_) => self.autocommit().await,
        }
    }

    /// For a read that is one statement on PostgreSQL and several on SQLite, where statements cost no round trip.
    async fn read_at_once(&self) -> Result<Tx> {
        if let Pool::Pg(_) = self.pool { self.autocommit().await } else { self.begin_read().await }
    }

    fn now_parameter(&self) -> Option<DbTime> {
        self.now.map(DbTime)
    }
}

async fn begin_postgres(connections: &Connections, more: &'static str) -> Result<Tx> {
    let mut lent = connections.take().await?;
    lent.begin(more).await?;
    Ok(Tx::Pg(lent))
}

/// Opens the pool. Errors name the file.
async fn connect_sqlite(
    path: &Path,
    options: SqliteConnectOptions,
    terms: Terms,
    connections: u32,
) -> Result<SqlitePool> {
    let options = options.busy_timeout(terms.for_another_writer()).disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A file does not disconnect as a server does.
        .test_before_acquire(false)
        // On a full disk SQLite rolls back by itself, but sqlx still counts the transaction and could not begin another.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    pool.connect_with(options).await.map_err(|error| StoreError::from(error).at(&path.display().to_string()))
}
