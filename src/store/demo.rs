//! The demo's database: created afresh ([`Store::open_demo`]), filled (`plant`) and read for the report (`look`).
//!
//! A demo's file has a mark in its header, `pragma application_id`. The mark is written before anything else and read without
//! SQLite, so that another program's file is not even opened as a database.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::timeouts::Timeouts;
use super::{Class, Result, Store, StoreError};
use crate::config::database::Database;
use crate::config::state;

pub mod look;
pub mod plant;

/// `application_id` of a demo's database: "nkjd".
const MARK: i32 = 0x6e6b_6a64;
/// The header of an SQLite file: how it begins, and where its application id is, big-endian
/// (<https://www.sqlite.org/fileformat2.html#database_header>).
const MAGIC: &[u8] = b"SQLite format 3\0";
const MARK_AT: usize = 68;
const HEADER: u64 = 100;

/// How long to wait for a program that has an earlier demo open.
const PATIENCE: Duration = Duration::from_secs(1);

impl Store {
    /// Creates an empty, migrated demo database at `path`. Also returns whether it replaced an earlier demo's.
    ///
    /// # Errors
    /// [`super::Class::Configuration`] if `path` is something else, which stays untouched, or no file can be created there;
    /// [`super::Class::Server`] if another program has the earlier demo open.
    pub async fn open_demo(path: &Path, connections: u32) -> Result<(Self, bool)> {
        let earlier = is_a_demo(path)?;
        if earlier {
            remove(path).await?;
        }
        create(path).await?;
        let store =
            Self::open(&Database::Sqlite(path.to_owned().into()), Timeouts::unlimited(None), connections, None).await?;
        Ok((store, earlier))
    }
}

/// Whether `path` is a demo's database; `false` if nothing exists there.
fn is_a_demo(path: &Path) -> Result<bool> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return nothing_beside(path).map(|()| false),
        Err(error) => return Err(cannot(path, "looked at", &error)),
    };
    if !kind.is_file() {
        return Err(foreign(path, if kind.is_dir() { "is a folder" } else { "is not a plain file" }));
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER).read_to_end(&mut head));
    read.map_err(|error| cannot(path, "read", &error))?;
    if head.is_empty() {
        return Err(foreign(path, "is an empty file"));
    }
    if !head.starts_with(MAGIC) {
        return Err(foreign(path, "is not an SQLite database"));
    }
    if head.get(MARK_AT..MARK_AT + 4) != Some(&MARK.to_be_bytes()) {
        return Err(foreign(path, "is an SQLite database, but not a demo's"));
    }
    Ok(true)
}

/// Fails if a journal exists, because SQLite would apply it to the new database.
fn nothing_beside(path: &Path) -> Result<()> {
    let left = ["-wal", "-shm", "-journal"].map(|end| beside(path, end)).into_iter().find(|it| it.exists());
    left.map_or(Ok(()), |left| Err(foreign(&left, "belongs to a database that is not there")))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Removes an earlier demo's files, while nobody else has them open.
async fn remove(path: &Path) -> Result<()> {
    // Leaving WAL mode needs exclusive access, so this fails while another program has the file open.
    let alone = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Delete);
    let mut connection = lock(alone).await.map_err(|error| match StoreError::from(error) {
        busy if busy.class() == Class::Server => StoreError::unavailable(format!(
            "another program has the earlier demo at {} open. Close it, or name another file with --path",
            path.display()
        )),
        other => other.at(&format!("the earlier demo at {}", path.display())),
    })?;
    for end in ["-wal", "-shm", ""] {
        let part = beside(path, end);
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&part, "removed", &error)),
            _ => {}
        }
    }
    sqlx::query("rollback").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn lock(options: SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.busy_timeout(PATIENCE).disable_statement_logging().connect().await?;
    sqlx::query("begin exclusive").execute(&mut connection).await?;
    Ok(connection)
}

/// Creates and marks the file. Not in WAL mode yet, so that the mark is in the file itself even if the demo is killed.
async fn create(path: &Path) -> Result<()> {
    // Never overwrites a file that was created since the check.
    state::make_file(path).map_err(|error| cannot(path, "created", &error))?;
    let options = SqliteConnectOptions::new().filename(path).pragma("application_id", MARK.to_string());
    let marked = async { options.disable_statement_logging().connect().await?.close().await }.await;
    if let Err(error) = marked {
        // Removes our empty file, which would block the next demo.
        let _ = fs::remove_file(path);
        return Err(error.into());
    }
    Ok(())
}

fn foreign(path: &Path, what: &str) -> StoreError {
    StoreError::configuration(format!(
        "{} {what}, so the demo does not touch it. Name another file with --path, or move this one away",
        path.display()
    ))
}

fn cannot(path: &Path, what: &str, error: &std::io::Error) -> StoreError {
    StoreError::configuration(format!("{} can't be {what}: {error}", path.display()))
}
