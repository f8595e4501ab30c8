//! Why a statement failed, as a class that decides what follows.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

use super::error_class::{Another, Class};

/// `too_many_connections`.
const NO_CONNECTION: &str = "53300";
/// `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// `query_canceled`.
const QUERY_CANCELED: &str = "57014";

/// A failed statement, with its class.
#[derive(Clone, Debug)]
pub struct StoreError {
    class: Class,
    message: String,
    code: Option<String>,
    unsure: bool,
}

impl StoreError {
    pub(super) fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), code: None, unsure: false }
    }

    /// The database can't be reached, or the connection was lost: exit 69, and the next run tries again.
    #[must_use]
    pub fn unavailable(why: impl Into<String>) -> Self {
        Self::new(Class::Server, why)
    }

    /// Jobs can't run on a standby.
    pub(super) fn standby(server: &str) -> Self {
        Self::unavailable(format!("{server} is a read-only standby; name the primary"))
    }

    /// No response came, so it is unknown whether the statement was carried out.
    #[must_use]
    pub fn unanswered(why: impl Into<String>) -> Self {
        Self { unsure: true, ..Self::unavailable(why) }
    }

    /// The server refuses any more connections.
    pub(super) fn no_connection_left(why: impl Into<String>) -> Self {
        Self { code: Some(NO_CONNECTION.to_owned()), ..Self::unavailable(why) }
    }

    /// Whether it is [`StoreError::no_connection_left`].
    pub(super) fn says_no_connection_is_left(&self) -> bool {
        self.code() == Some(NO_CONNECTION)
    }

    /// The URL, the password, the path or the file is wrong: exit 78.
    #[must_use]
    pub fn configuration(why: impl Into<String>) -> Self {
        Self::new(Class::Configuration, why)
    }

    /// The schema is not this binary's: exit 78.
    #[must_use]
    pub fn schema(why: impl Into<String>) -> Self {
        Self::new(Class::Schema, why)
    }

    /// A bug of ours, or data that no rule foresees: exit 1.
    #[must_use]
    pub fn other(why: impl Into<String>) -> Self {
        Self::new(Class::Run, why)
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The SQLSTATE, or SQLite's extended result code; none if the database did not answer.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The message without the class's prefix.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the response was lost, so that it is unknown whether the statement was carried out.
    #[must_use]
    pub const fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// Whether the same transaction can succeed if it is retried at once.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self.class, Class::Contention)
    }

    /// Whether a lock was waited for in vain: another session holds a row, or a whole table.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        self.code() == Some(LOCK_NOT_AVAILABLE)
    }

    /// Whether the server has ended the statement: it took too long.
    #[must_use]
    pub fn is_statement_timeout(&self) -> bool {
        self.code() == Some(QUERY_CANCELED)
    }

    /// The same, where another item can tell whose it is: a row of this one may be held, and of no other.
    #[must_use]
    pub fn unclear(self) -> Self {
        Self { class: Class::Unclear, ..self }
    }

    /// Whether the item that the statement was about bears it; see [`Class::is_the_items`].
    #[must_use]
    pub const fn is_the_items(&self, another: Another) -> bool {
        self.class.is_the_items(another)
    }

    /// Adds a file or a server to the front of the message.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        match self.class {
            Class::Schema | Class::Contention => self,
            _ => self.because(|why| format!("{place}: {why}")),
        }
    }

    /// Replaces the message.
    #[must_use]
    pub fn because(mut self, words: impl FnOnce(&str) -> String) -> Self {
        self.message = words(&self.message);
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.class {
            Class::Configuration | Class::Schema => "",
            Class::Server => "database unavailable: ",
            Class::Contention => "transaction conflict: ",
            Class::Row | Class::Unclear | Class::Run => "database error: ",
        };
        write!(f, "{kind}{}", self.message)
    }
}

impl std::error::Error for StoreError {}

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => from_database(database.as_ref()),
            sqlx::Error::Io(why) => Self::unanswered(why.to_string()),
            sqlx::Error::PoolTimedOut => Self::unavailable("no connection was free in time"),
            sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => {
                Self::unanswered(error.to_string())
            }
            sqlx::Error::Configuration(_) => Self::configuration(error.to_string()),
            _ => Self::other(error.to_string()),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    match error.try_downcast_ref::<PgDatabaseError>() {
        Some(postgres) => from_postgres(postgres),
        None => from_sqlite(error),
    }
}

/// Keeps the server's message, but not its detail, which quotes rows.
fn from_postgres(error: &PgDatabaseError) -> StoreError {
    let code = error.code();
    let said = format!("{} (SQLSTATE {code})", error.message());
    let message = match code {
        "28P01" | "28000" => {
            format!("the database refuses the user or the password: {said}. Check DATABASE_URL or DATABASE_URL_FILE")
        }
        "3D000" => format!("{said}. Check the last part of DATABASE_URL, or create it with createdb"),
        "42P01" | "42703" => format!("the schema is not ready: {said}. Run `nikita-jobs migrate` first"),
        "42501" => format!(
            "the database user lacks a permission: {said}. Only the owner of the tables may migrate: give `nikita-jobs migrate` \
             that user's URL as MIGRATION_DATABASE_URL. For the jobs, grant it"
        ),
        "26000" | "42P05" => {
            format!("a pooler in transaction mode is in between: {said}. Add ?pgbouncer=true to DATABASE_URL")
        }
        // Raised by our own migrations, whose message says what to do.
        "NJ001" => error.message().to_owned(),
        // PgBouncer, in any mode, for a parameter that it does not track.
        "08P01" if error.message().starts_with("unsupported startup parameter") => {
            format!("a pooler refuses the connection: {said}. Add ?pgbouncer=true to DATABASE_URL")
        }
        "55P03" => format!("another session locks a row or a table: {said}"),
        "25006" => format!("the server is read-only, as a standby is: {said}. Name the primary"),
        "57014" if error.message().contains("statement timeout") => {
            format!("the server has ended a statement that took too long: {said}")
        }
        "25P03" => format!("the server has ended an idle transaction: {said}"),
        _ => said,
    };
    let class = Class::of_sqlstate(code, error.constraint(), error.message());
    // A connection can be lost after its COMMIT was carried out.
    let unsure = code == "40003" || code.starts_with("57P") || code.starts_with("08");
    StoreError { class, message, code: Some(code.to_owned()), unsure }
}

fn from_sqlite(error: &dyn DatabaseError) -> StoreError {
    let extended: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    let said = error.message();
    let class = Class::of_sqlite(extended, said);
    let message = match extended & 0xff {
        5 | 6 => format!("the SQLite file is locked by another program: {said}"),
        8 => {
            format!("the SQLite database can't be written: {said}. Check the permissions of the file and of its folder")
        }
        10 => format!("the SQLite file can't be read or written: {said}. Check that its disk has space left and works"),
        11 | 26 => format!(
            "the SQLite file is not a database, or is damaged: {said}. Restore it from a backup, or name another file"
        ),
        13 => format!("no space is left for the SQLite file: {said}. Nothing was half-written"),
        14 => {
            format!("the SQLite file can't be opened: {said}. Check the path, and that its folder can be written")
        }
        _ if class == Class::Schema => format!("the schema is not ready: {said}. Run `nikita-jobs migrate` first"),
        _ if class == Class::Run => format!("{said} (SQLite code {extended})"),
        _ => said.to_owned(),
    };
    StoreError { class, message, code: Some(extended.to_string()), unsure: false }
}
