//! What `doctor` asks a database. Nothing here writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Row;

use super::connections::Lent;
use super::servers::Servers;
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Pool, Result, Store, StoreError, sql};
use crate::clock;
use crate::config::database::Database;

mod surroundings;

/// How often two connections are compared before they count as apart.
const ROUNDS: usize = 3;
/// How many of SQLite's virtual instructions go by between two looks at the clock.
const INSTRUCTIONS: i32 = 10_000;

/// Where a PostgreSQL is, as its URL says.
#[derive(Clone, Debug)]
pub struct Place {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether a connection is made only to a server whose certificate is one of the known.
    pub checks_server: bool,
}

/// What a PostgreSQL server says of itself.
#[derive(Clone, Debug)]
pub struct Server {
    /// `server_version_num`: 150004 for 15.4.
    pub version: i32,
    /// The version as people say it.
    pub named: String,
    /// Whether pgvector is installed in the database.
    pub vector_installed: bool,
    /// Whether it could be.
    pub vector_available: bool,
    /// The type of `memory_facts.embedding`; none where there is none.
    pub embedding: Option<String>,
}

/// What became of a look through an SQLite file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing is wrong with it.
    Sound,
    /// What SQLite found first.
    Damaged(String),
    /// The time was not enough.
    Unfinished,
}

/// Host and port of a PostgreSQL URL; none for SQLite.
///
/// # Errors
/// [`super::Class::Configuration`] where the URL can't be read; without the URL.
pub fn place(database: &Database) -> Result<Option<Place>> {
    let Database::Postgres(url) = database else { return Ok(None) };
    let (host, port, checks_server) = Servers::of(url, true)?.place();
    Ok(Some(Place { host, port, checks_server }))
}

impl Store {
    /// What the server says of itself; none on SQLite.
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

    /// Whether two connections, both open, are served by one process of the server, or one by several: then a pooler hands
    /// processes out by the transaction. Needs two connections that prepare nothing under a name.
    ///
    /// A pooler gives out either the process that was given back last, which the second connection then gets from the first, or
    /// the one that has waited longest, which the first itself then changes. So the first asks twice, then the second once.
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

    /// Looks through an SQLite file for damage, for `most` at the longest. PostgreSQL counts as sound.
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

/// The process of the server that serves a transaction.
async fn process(connection: &mut Lent) -> Result<i32> {
    let rows = connection.simple("select pg_backend_pid()".to_owned()).await?;
    let row = rows.first().ok_or_else(|| StoreError::other("the server does not name its process"))?;
    Ok(row.try_get(0)?)
}
