//! The queries of `doctor`. They only read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Row;

use super::connections::PooledConnection;
use super::servers::Servers;
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Pool, Result, Store, StoreError, sql};
use crate::clock;
use crate::config::database::Database;

mod surroundings;

/// How often two connections are compared before they count as separate.
const ROUNDS: usize = 3;
/// How many of SQLite's virtual instructions run between two checks of the clock.
const INSTRUCTIONS: i32 = 10_000;

/// The place of a PostgreSQL server, from its URL.
#[derive(Clone, Debug)]
pub struct Place {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the server's certificate is verified.
    pub checks_server: bool,
}

/// What a PostgreSQL server reports about itself.
#[derive(Clone, Debug)]
pub struct Server {
    /// `server_version_num`: 150004 for 15.4.
    pub version: i32,
    /// The version as text, such as `15.4`.
    pub named: String,
    /// Whether pgvector is installed in the database.
    pub vector_installed: bool,
    /// Whether pgvector could be installed.
    pub vector_available: bool,
    /// The type of `memory_facts.embedding`; none if the column does not exist.
    pub embedding: Option<String>,
}

/// The result of an integrity check of an SQLite file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// No damage was found.
    Sound,
    /// The first damage that SQLite found.
    Damaged(String),
    /// The check ran out of time.
    Unfinished,
}

/// Host and port of a PostgreSQL URL; none for SQLite.
///
/// # Errors
/// [`super::Class::Configuration`] if the URL is invalid. The error does not quote the URL.
pub fn place(database: &Database) -> Result<Option<Place>> {
    let Database::Postgres(url) = database else { return Ok(None) };
    let (host, port, checks_server) = Servers::of(url, true)?.place();
    Ok(Some(Place { host, port, checks_server }))
}

impl Store {
    /// What the server reports about itself; none on SQLite.
    pub async fn server(&self) -> Result<Option<Server>> {
        let mut tx = self.begin_read().await?;
        if let Tx::Sqlite(_) = tx {
            return Ok(None);
        }
        let (version, named, vector_installed, vector_available): (i32, String, bool, bool) =
            fetch_one!(&mut tx, _, sql::postgres::SERVER);
        let embedding: Option<(String,)> = fetch_optional!(&mut tx, _, sql::postgres::EMBEDDING_TYPE);
        tx.rollback().await?;
        let embedding = embedding.map(|(kind,)| kind);
        Ok(Some(Server { version, named, vector_installed, vector_available, embedding }))
    }

    /// Whether a pooler assigns server processes per transaction: one process serves two open connections, or several processes serve one.
    /// Needs two connections that do not prepare statements under a name.
    ///
    /// A pooler assigns either the process that was released last, so that the second connection gets the first one's process, or the one
    /// that has been idle longest, so that the first connection changes its process. Therefore the first asks twice, then the second once.
    pub async fn shares_processes(&self) -> Result<bool> {
        let Pool::Pg(connections) = &self.pool else { return Ok(false) };
        let (mut first, mut second) = (connections.take().await?, connections.take().await?);
        let (mut of_first, mut of_second) = (None, None);
        for _ in 0..ROUNDS {
            for _ in 0..2 {
                let process = process(&mut first).await?;
                if of_first.is_some_and(|before| before != process) {
                    return Ok(true);
                }
                of_first = Some(process);
            }
            let process = process(&mut second).await?;
            if of_second.is_some_and(|before| before != process) || of_first == Some(process) {
                return Ok(true);
            }
            of_second = Some(process);
        }
        Ok(false)
    }

    /// SQLite's journal mode, such as `wal`; empty on PostgreSQL.
    pub async fn journal_mode(&self) -> Result<String> {
        let Pool::Sqlite(pool) = &self.pool else { return Ok(String::new()) };
        let (mode,): (String,) = sqlx::query_as("pragma journal_mode").fetch_one(pool).await?;
        Ok(mode)
    }

    /// Checks an SQLite file for damage, for at most `most`. PostgreSQL counts as sound.
    pub async fn quick_check(&self, most: Duration) -> Result<Soundness> {
        let Pool::Sqlite(pool) = &self.pool else { return Ok(Soundness::Sound) };
        let mut connection = pool.acquire().await?;
        let (began, late) = (clock::start(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&late);
        connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS, move || {
            let in_time = began.elapsed() < most;
            told.store(!in_time, Ordering::Relaxed);
            in_time
        });
        let checked = sqlx::query_as::<_, (String,)>("pragma quick_check(1)").fetch_one(&mut *connection).await;
        connection.lock_handle().await?.remove_progress_handler();
        match checked {
            Err(_) if late.load(Ordering::Relaxed) => Ok(Soundness::Unfinished),
            Err(error) => Err(StoreError::from(error)),
            Ok((said,)) if said == "ok" => Ok(Soundness::Sound),
            Ok((said,)) => Ok(Soundness::Damaged(said)),
        }
    }
}

/// The server process that serves a transaction.
async fn process(connection: &mut PooledConnection) -> Result<i32> {
    let rows = connection.simple("select pg_backend_pid()".to_owned()).await?;
    let row = rows.first().ok_or_else(|| StoreError::other("the server does not name its process"))?;
    Ok(row.try_get(0)?)
}
