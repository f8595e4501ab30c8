//! Which database: a `postgres://` URL, or the path of an SQLite file.

use std::path::PathBuf;

use secrecy::SecretString;

/// Where the players and conversations are.
#[derive(Clone, Debug)]
pub enum Database {
    /// PostgreSQL, by its URL; the URL holds a password, hence secret.
    Postgres(SecretString),
    /// An SQLite file, created and migrated on first use.
    Sqlite(PathBuf),
}

impl Database {
    /// Reads a `DATABASE_URL`: `postgres://…`, `postgresql://…` or `sqlite:PATH` (also `sqlite://PATH`).
    ///
    /// # Errors
    /// A sentence without the URL in it, because the URL may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        if url.is_empty() {
            return Err(
                "is empty; give postgres://… or sqlite:PATH, or leave it out for the default SQLite file".into()
            );
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.into()));
        }
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            if path.is_empty() || path == ":memory:" {
                return Err("names no SQLite file; give sqlite:PATH".into());
            }
            return Ok(Self::Sqlite(path.into()));
        }
        let scheme = url.split_once(':').map_or("no scheme", |(scheme, _)| scheme);
        let known = scheme.len() <= 20 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-. ".contains(c));
        let shown = if known { format!("scheme {scheme:?}") } else { "scheme".to_owned() };
        Err(format!("has an unknown {shown}; give postgres://… or sqlite:PATH"))
    }
}

#[cfg(test)]
mod tests {
    use super::Database;

    #[test]
    fn reads_the_three_spellings_of_a_path() {
        for url in ["sqlite:/tmp/a.db", "sqlite:///tmp/a.db", "sqlite:///tmp/a.db?mode=rwc"] {
            assert!(
                matches!(Database::parse(url), Ok(Database::Sqlite(path)) if path == std::path::Path::new("/tmp/a.db"))
            );
        }
    }

    #[test]
    fn a_bad_url_is_explained_without_repeating_it() {
        let said = Database::parse("mysql://root:hunter2@db/x").unwrap_err();
        assert_eq!(said, "has an unknown scheme \"mysql\"; give postgres://… or sqlite:PATH");
        let said = Database::parse("hunter2@db/x").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
