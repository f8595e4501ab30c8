//! All SQL. The only place that knows a dialect; no transaction leaves it.
//!
//! [`Store`] is one pool to one database. Its operations are grouped by what they are about: [`precheck`], [`runs`] (lease,
//! window, execution), [`claims`], [`snapshots`], [`commit`], [`memos`], [`decay`], [`memory`], [`breakers`], [`migrate`],
//! [`history`], [`retention`], [`demo`], [`checkup`] (for `doctor`), [`check`];
//! what is stuck is found by [`stuck`] (conversations) and [`records`] (audits and executions).

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

/// By the estimates for a table of millions the server would compile a statement that reads a few rows of it, which takes two hundred
/// times as long as the statement.
const NO_JIT: &str = "; set local jit = off";

/// One database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// The hidden `--now`: stands in for the database's clock.
    now: Option<DateTime<Utc>>,
    found: Found,
}

#[derive(Clone, Debug)]
enum Pool {
    Pg(Connections),
    Sqlite(SqlitePool),
}

impl Store {
    /// Opens the database and checks that its schema is this binary's. An SQLite file is created and migrated on first use;
    /// PostgreSQL never is (`migrate` does it).
    ///
    /// `connections` is the most that will be open at once; `now` stands in for the database's clock.
    pub async fn open(database: &Database, terms: Terms, connections: u32, now: Option<DateTime<Utc>>) -> Result<Self> {
        let store = Self::connect(database, terms, connections, now).await?;
        store.make_ready().await?;
        Ok(store)
    }

    /// Checks that the schema is this binary's, and migrates an SQLite file. On a read-only standby nothing is ready.
    pub async fn make_ready(&self) -> Result<()> {
        match self.pool {
            Pool::Sqlite(_) => self.migrate().await.map(drop),
            Pool::Pg(_) => {
                self.require_primary().await?;
                self.check_schema().await
            }
        }
    }

    /// Opens the database as it is, for `migrate`, or for a precheck.
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
                    // Where it can't be made, SQLite says why.
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
                        // In pages: 40 MB. A long run writes most pages again and again, and copies each into the file only once for
                        // all that is written in between.
                        .pragma("wal_autocheckpoint", "10000")
                        .synchronous(SqliteSynchronous::Full)
                };
                // One writer at a time is SQLite's rule; more connections than this would only queue.
                Pool::Sqlite(connect_sqlite(path, options, connections.min(4)).await?)
            }
        };
        Ok(Self { pool, now, found: Found::default() })
    }

    /// Opens the database only to look at it: an SQLite file is neither created nor changed, and one that is not there is
    /// as good as an empty one. A standby will do.
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
                Pool::Sqlite(connect_sqlite(file, options, 1).await?)
            }
        };
        Ok(Self { pool, now, found: Found::default() })
    }

    /// Whether a hidden `--now` stands in for the database's clock.
    #[must_use]
    pub const fn is_overridden(&self) -> bool {
        self.now.is_some()
    }

    /// An empty SQLite database in memory: what a file counts as that is not there, and must not be made.
    pub async fn empty(now: Option<DateTime<Utc>>) -> Result<Self> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let pool = Pool::Sqlite(connect_sqlite(Path::new("memory"), options, 1).await?);
        let store = Self { pool, now, found: Found::default() };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes every connection, so that an SQLite file is left without its `-wal`. A server that does not answer is not waited for.
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

    /// Begins a transaction. On SQLite it takes the write lock at once, because a reader that turns writer later fails
    /// instead of waiting.
    async fn begin_write(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => begin_postgres(connections, "").await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin_with("begin immediate").await?))),
        }
    }

    /// Begins a transaction that only reads: on SQLite it waits for no writer.
    async fn begin_read(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => begin_postgres(connections, NO_JIT).await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin().await?))),
        }
    }

    /// The same for a read of a whole table, which may take longer.
    async fn begin_long_read(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => {
                let mut lent = connections.take().await?;
                lent.begin_long(NO_JIT).await?;
                Ok(Tx::Pg(lent))
            }
            Pool::Sqlite(_) => self.begin_read().await,
        }
    }

    /// For exactly one statement, which is a transaction of its own: it has committed when it answers, and no rollback takes it
    /// back. Two round trips less, but where each transaction has to begin with its settings, as behind a pooler, where a statement is
    /// prepared in one step and executed in the next and only a transaction keeps both on the same connection.
    async fn autocommit(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) if connections.by_text() => begin_postgres(connections, "").await,
            Pool::Pg(connections) => Ok(Tx::Pg(connections.take().await?)),
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Alone(pool.acquire().await?))),
        }
    }

    /// For one statement in the simple protocol, which is whole even behind a pooler, and which no transaction may hold: `create index
    /// concurrently`.
    async fn simple_query(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) => Ok(Tx::Pg(connections.take().await?)),
            Pool::Sqlite(_) => self.autocommit().await,
        }
    }

    /// For reading what is one statement on PostgreSQL and several on SQLite, where a statement costs no round trip.
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

/// What fails here is told with the file's path.
async fn connect_sqlite(path: &Path, options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool> {
    let options = options.busy_timeout(PATIENCE).disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // No file goes away as a server does.
        .test_before_acquire(false)
        // On a full disk SQLite rolls back by itself; the connection still counts that transaction and can't begin another.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    pool.connect_with(options).await.map_err(|error| StoreError::from(error).at(&path.display().to_string()))
}
