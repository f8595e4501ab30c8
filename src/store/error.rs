//! Why a statement failed, as the decision that follows from it.

use sqlx::error::DatabaseError;

/// A failure of the database, by what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, or went away: exit 69, and the next run may find it back.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The URL, the password, the path or the file is wrong: exit 78.
    #[error("{0}")]
    Configuration(String),
    /// The schema is not this binary's: exit 78.
    #[error("{0}")]
    Schema(String),
    /// Two transactions got in each other's way; the statement may be tried again.
    #[error("transaction conflict: {0}")]
    Conflict(String),
    /// A bug of ours, or data that no rule foresees: exit 1.
    #[error("database error: {0}")]
    Other(String),
}

impl StoreError {
    /// The same, with the file in front that it is about.
    #[must_use]
    pub fn at(self, file: &str) -> Self {
        match self {
            Self::Unavailable(why) => Self::Unavailable(format!("{file}: {why}")),
            Self::Configuration(why) => Self::Configuration(format!("{file}: {why}")),
            Self::Other(why) => Self::Other(format!("{file}: {why}")),
            other => other,
        }
    }

    /// Whether the same transaction may succeed when it is tried again at once.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether it is about the rows at hand, while the database itself is well: other rows may fare better.
    #[must_use]
    pub const fn is_about_the_rows(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Other(_))
    }
}

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => from_database(database.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Configuration(_) => Self::Configuration(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        from_sqlite(error)
    } else {
        from_postgres(error)
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>. The message of the server is kept; its
/// detail is not, because it quotes rows.
fn from_postgres(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let message = format!("{} (SQLSTATE {code})", error.message());
    match code.as_ref() {
        "28P01" | "28000" => StoreError::Configuration(format!(
            "the database refuses the user or the password: {message}. Check DATABASE_URL or DATABASE_URL_FILE"
        )),
        "3D000" => StoreError::Configuration(format!(
            "{message}. Check the last part of DATABASE_URL, or create it with createdb"
        )),
        "42P01" | "42703" => {
            StoreError::Schema(format!("the schema is not ready: {message}. Run `nikita-jobs migrate` first"))
        }
        "42501" => StoreError::Configuration(format!(
            "the database user lacks a permission: {message}. Only the owner of the tables may migrate: give `nikita-jobs migrate` \
             that user's URL as MIGRATION_DATABASE_URL. For the jobs, grant it"
        )),
        // Raised by our own migrations, which say what to do.
        "NJ001" => StoreError::Schema(error.message().to_owned()),
        // PgBouncer, in whatever mode, of a parameter that it does not track.
        "08P01" if error.message().starts_with("unsupported startup parameter") => StoreError::Configuration(format!(
            "a pooler refuses the connection: {message}. Add ?pgbouncer=true to DATABASE_URL"
        )),
        // Serialisation, deadlock, and a unique index that another transaction got to first.
        "40001" | "40P01" | "23505" | "42P07" => StoreError::Conflict(message),
        // Read-only standby, shutdown, too many connections, a connection that broke.
        "25006" | "53300" => StoreError::Unavailable(message),
        _ if code.starts_with("57P") || code.starts_with("08") => StoreError::Unavailable(message),
        _ => StoreError::Other(message),
    }
}

/// By primary result code: <https://www.sqlite.org/rescode.html>.
fn from_sqlite(error: &dyn DatabaseError) -> StoreError {
    let extended: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    let message = error.message();
    match extended & 0xff {
        5 | 6 => StoreError::Unavailable(format!("the SQLite file is locked by another program: {message}")),
        // Primary key and unique: another transaction got there first.
        19 if [1555, 2067].contains(&extended) => StoreError::Conflict(message.to_owned()),
        8 => StoreError::Configuration(format!(
            "the SQLite database can't be written: {message}. Check the permissions of the file and of its folder"
        )),
        10 => StoreError::Unavailable(format!(
            "the SQLite file can't be read or written: {message}. Check that its disk has space left and is in order"
        )),
        11 | 26 => StoreError::Configuration(format!(
            "the SQLite file is not a database, or is damaged: {message}. Restore it from a backup, or name another file"
        )),
        13 => StoreError::Unavailable(format!(
            "no space is left for the SQLite file: {message}. Nothing was half-written"
        )),
        14 => StoreError::Configuration(format!(
            "the SQLite file can't be opened: {message}. Check the path, and that its folder can be written"
        )),
        1 if message.starts_with("no such table") || message.starts_with("no such column") => {
            StoreError::Schema(format!("the schema is not ready: {message}. Run `nikita-jobs migrate` first"))
        }
        _ => StoreError::Other(format!("{message} (SQLite code {extended})")),
    }
}
