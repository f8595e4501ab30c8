//! Reads `DATABASE_URL`: a `postgres://` URL, or the path of an SQLite file.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::postgres_url::PostgresUrl;

/// The database with the players and conversations.
#[derive(Clone, Debug)]
pub enum Database {
    /// PostgreSQL.
    Postgres(Box<PostgresUrl>),
    /// An SQLite file, created and migrated on first use.
    Sqlite(SqliteFile),
}

/// An SQLite file and its access mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteFile {
    /// Its path.
    pub path: PathBuf,
    /// Its access mode, from `mode=`.
    pub mode: SqliteMode,
}

/// The access mode of an SQLite file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqliteMode {
    /// `rwc`: it is created if it does not exist.
    #[default]
    Create,
    /// `rw`: it must exist.
    Write,
    /// `ro`: it is only read.
    Read,
}

impl From<PathBuf> for SqliteFile {
    fn from(path: PathBuf) -> Self {
        Self { path, mode: SqliteMode::default() }
    }
}

impl Deref for SqliteFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Database {
    /// Reads a `DATABASE_URL`: `postgres://…`, `postgresql://…`, either of them with an ORM's driver (`postgresql+asyncpg://`), or
    /// `sqlite:PATH` (also `sqlite://PATH`).
    ///
    /// # Errors
    /// The error never quotes the URL, because the URL can contain a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        if url.is_empty() {
            return Err("is empty; use postgres://… or sqlite:PATH, or unset it for the default SQLite file".into());
        }
        if let Some((scheme, rest)) = url.split_once("://")
            && ["postgres", "postgresql"].contains(&scheme.split_once('+').map_or(scheme, |(scheme, _)| scheme))
        {
            return PostgresUrl::parse(rest).map(Box::new).map(Self::Postgres);
        }
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite(path.strip_prefix("//").unwrap_or(path)).map(Self::Sqlite);
        }
        let scheme = url.split_once(':').map_or("no scheme", |(scheme, _)| scheme);
        let known = scheme.len() <= 20 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-. ".contains(c));
        let shown = if known { format!("scheme {scheme:?}") } else { "scheme".to_owned() };
        Err(format!("has an unknown {shown}; use postgres://… or sqlite:PATH"))
    }
}

fn sqlite(rest: &str) -> Result<SqliteFile, String> {
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if path.is_empty() || path == ":memory:" {
        return Err("names no SQLite file; use sqlite:PATH".into());
    }
    let mut file = SqliteFile::from(PathBuf::from(path));
    for parameter in parameters.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        file.mode = match (name, value) {
            ("mode", "rwc") => SqliteMode::Create,
            ("mode", "rw") => SqliteMode::Write,
            ("mode", "ro") => SqliteMode::Read,
            ("mode", _) => return Err("has an invalid mode=; use ro, rw or rwc".into()),
            _ => {
                let name: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
                return Err(format!(
                    "has the parameter {name}, which SQLite files do not have; only mode= is supported"
                ));
            }
        };
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{Database, SqliteMode};

    #[test]
    fn understands_an_orms_spelling() {
        for url in ["postgres://h/d", "postgresql://h/d", "postgresql+asyncpg://h/d", "postgresql+psycopg2://h/d"] {
            assert!(matches!(Database::parse(url), Ok(Database::Postgres(it)) if it.database.as_deref() == Some("d")));
        }
        assert!(Database::parse("postgresqlx://h/d").is_err());
    }

    #[test]
    fn reads_the_spellings_of_a_path() {
        for (url, mode) in [
            ("sqlite:/tmp/a.db", SqliteMode::Create),
            ("sqlite:///tmp/a.db", SqliteMode::Create),
            ("sqlite:///tmp/a.db?mode=rwc", SqliteMode::Create),
            ("sqlite:/tmp/a.db?mode=rw", SqliteMode::Write),
            ("sqlite:/tmp/a.db?mode=ro", SqliteMode::Read),
        ] {
            let Ok(Database::Sqlite(file)) = Database::parse(url) else { panic!("{url}") };
            assert_eq!((file.path.to_str(), file.mode), (Some("/tmp/a.db"), mode), "{url}");
        }
        assert_eq!(Database::parse("sqlite:a?mode=x").unwrap_err(), "has an invalid mode=; use ro, rw or rwc");
        assert!(Database::parse("sqlite:a?cache=shared").unwrap_err().contains("the parameter cache"));
    }

    #[test]
    fn a_bad_url_is_explained_without_repeating_it() {
        let said = Database::parse("mysql://root:hunter2@db/x").unwrap_err();
        assert_eq!(said, "has an unknown scheme \"mysql\"; use postgres://… or sqlite:PATH");
        let said = Database::parse("hunter2@db/x").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
