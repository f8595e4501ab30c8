//! All SQL. The only place that knows a dialect; no transaction leaves it.
//!
//! [`Store`] is one pool to one database. Its operations are grouped by what they are about: [`precheck`], [`runs`] (lease,
//! window, execution), [`claims`], [`snapshots`], [`commit`], [`memos`], [`decay`], [`memory`], [`breakers`], [`migrate`],
//! [`history`], [`retention`], [`demo`], [`checkup`] (for `doctor`), [`check`];
//! what is stuck is found by [`stuck`] (conversations) and [`records`] (audits and executions).

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::config::database::Database;
use crate::config::state;
use crate::core::doctor::judge::TRANSACTION_POOLER_PORT;

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
pub mod foreign;
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
pub mod runs;
mod session;
pub mod single;
pub mod snapshots;
mod sql;
pub mod stuck;
mod whose;

use codec::DbTime;
use connections::Connections;
pub use error::{Result, StoreError};
use session::{SqliteTx, Tx};
pub use whose::{Another, Class};

/// How long a statement waits for a connection, and SQLite for another writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the last attempt to connect may take, which is only made for its reason, and a farewell to the server.
const LAST_WORD: Duration = Duration::from_secs(2);

/// One database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// The hidden `--now`: stands in for the database's clock.
    now: Option<DateTime<Utc>>,
    /// How similar facts are asked for, once that is known.
    memory: memory::Query,
    background: snapshots::background::Tables,
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
    pub async fn open(database: &Database, connections: u32, now: Option<DateTime<Utc>>) -> Result<Self> {
        let store = Self::connect(database, connections, now).await?;
        store.make_ready().await?;
        Ok(store)
    }

    /// Checks that the schema is this binary's, and migrates an SQLite file.
    pub async fn make_ready(&self) -> Result<()> {
        match self.pool {
            Pool::Sqlite(_) => self.migrate().await.map(drop),
            Pool::Pg(_) => self.check_schema().await,
        }
    }

    /// Opens the database as it is, for `migrate`, or for a precheck.
    pub async fn connect(database: &Database, connections: u32, now: Option<DateTime<Utc>>) -> Result<Self> {
        let pool = match database {
            Database::Postgres { url, pooled } => connect_postgres(url.expose_secret(), *pooled, connections).await?,
            Database::Sqlite(path) => {
                // Where it can't be made, SQLite says why.
                let _ = state::make_file(path);
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // In pages: 40 MB. A long run writes most pages again and again, and copies each into the file only once for
                    // all that is written in between.
                    .pragma("wal_autocheckpoint", "10000")
                    .synchronous(SqliteSynchronous::Full);
                // One writer at a time is SQLite's rule; more connections than this would only queue.
                Pool::Sqlite(connect_sqlite(path, options, connections.min(4)).await?)
            }
        };
        Ok(Self { pool, now, memory: memory::Query::default(), background: snapshots::background::Tables::default() })
    }

    /// Opens the database only to look at it: an SQLite file is neither created nor changed, and one that is not there is
    /// as good as an empty one.
    pub async fn look(database: &Database, now: Option<DateTime<Utc>>) -> Result<Self> {
        let Database::Sqlite(path) = database else { return Self::connect(database, 1, now).await };
        let options = SqliteConnectOptions::new();
        let options =
            if path.exists() { options.filename(path).pragma("query_only", "on") } else { options.in_memory(true) };
        let pool = Pool::Sqlite(connect_sqlite(path, options, 1).await?);
        Ok(Self { pool, now, memory: memory::Query::default(), background: snapshots::background::Tables::default() })
    }

    /// An empty SQLite database in memory: what a file counts as that is not there, and must not be made.
    pub async fn empty(now: Option<DateTime<Utc>>) -> Result<Self> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let pool = Pool::Sqlite(connect_sqlite(Path::new("memory"), options, 1).await?);
        let store =
            Self { pool, now, memory: memory::Query::default(), background: snapshots::background::Tables::default() };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes every connection, so that an SQLite file is left without its `-wal`.
    ///
    /// On PostgreSQL a connection may still wait for an answer that does not come, such as a renewal behind somebody's lock.
    /// The process is not held up by it: what it had begun there is rolled back when the socket closes.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Pg(connections) => drop(tokio::time::timeout(LAST_WORD, connections.close()).await),
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
            Pool::Pg(connections) => begin_postgres(connections, "begin").await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin_with("begin immediate").await?))),
        }
    }

    /// Begins a transaction that only reads: on SQLite it waits for no writer.
    async fn begin_read(&self) -> Result<Tx> {
        match &self.pool {
            // By the estimates for a table of millions the server would compile a statement that reads a few rows of it, which
            // takes two hundred times as long as the statement.
            Pool::Pg(connections) => begin_postgres(connections, "begin; set local jit = off").await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Begun(pool.begin().await?))),
        }
    }

    /// For exactly one statement, which is a transaction of its own: it has committed when it answers, and no rollback takes it
    /// back. Two round trips less, but behind a pooler, where a statement is prepared in one step and executed in the next and
    /// only a transaction keeps both on the same connection.
    async fn autocommit(&self) -> Result<Tx> {
        match &self.pool {
            Pool::Pg(connections) if connections.direct => Ok(Tx::Pg(connections.take().await?)),
            Pool::Pg(connections) => begin_postgres(connections, "begin").await,
            Pool::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Alone(pool.acquire().await?))),
        }
    }

    /// For one statement in the simple protocol, which is whole even behind a pooler.
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

async fn begin_postgres(connections: &Connections, begin: &'static str) -> Result<Tx> {
    let mut lent = connections.take().await?;
    lent.begin(begin).await?;
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

async fn connect_postgres(url: &str, pooled: Option<bool>, connections: u32) -> Result<Pool> {
    let options = read_url(url)?;
    let pooled = pooled.unwrap_or(options.get_port() == TRANSACTION_POOLER_PORT);
    let mut options = options.application_name("nikita-jobs").disable_statement_logging();
    let socket = socket_folder(&options);
    if socket.is_some() {
        // As libpq has it: no TLS on a socket of this machine, and no question for it.
        options = options.ssl_mode(PgSslMode::Disable);
    }
    if pooled {
        // PgBouncer refuses a start-up parameter that it does not track.
        options = options.extra_float_digits(None);
    }
    let pool =
        PgPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE).connect_lazy_with(options.clone());
    let why = match pool.acquire().await {
        Ok(first) => return Ok(Pool::Pg(Connections::new(pool, first, !pooled))),
        // The pool has swallowed the reason while it tried again; one plain attempt tells it.
        Err(sqlx::Error::PoolTimedOut) => match tokio::time::timeout(LAST_WORD, options.connect()).await {
            Ok(Ok(_)) => "no connection within 10 s".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 10 s".to_owned(),
        },
        Err(error @ (sqlx::Error::Io(_) | sqlx::Error::Tls(_))) => error.to_string(),
        Err(error) => return Err(error.into()),
    };
    let server = match socket {
        Some(folder) => folder.join(format!(".s.PGSQL.{}", options.get_port())).display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Err(StoreError::unavailable(format!("can't connect to {server}: {why}")))
}

/// The folder of the server's socket: as the URL names it, or else `PGHOST`, or the usual folders where a socket lies in one.
fn socket_folder(options: &PgConnectOptions) -> Option<PathBuf> {
    let host = Path::new(options.get_host());
    options.get_socket().cloned().or_else(|| host.is_absolute().then(|| host.to_owned()))
}

fn read_url(url: &str) -> Result<PgConnectOptions> {
    url.parse().map_err(|error: sqlx::Error| match error {
        sqlx::Error::Configuration(why) => StoreError::configuration(format!("DATABASE_URL can't be read: {why}")),
        other => other.into(),
    })
}
