//! Which database: a `postgres://` URL, or the path of an SQLite file.

use std::path::PathBuf;

use secrecy::SecretString;

/// Where the players and conversations are.
#[derive(Clone, Debug)]
pub enum Database {
    /// PostgreSQL.
    Postgres {
        /// Holds a password, hence secret.
        url: SecretString,
        /// Whether a pooler in transaction mode stands in between; `None` where the URL does not say.
        pooled: Option<bool>,
    },
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
            let (url, pooled) = without_pgbouncer(url)?;
            return Ok(Self::Postgres { url: url.into(), pooled });
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

/// Takes `pgbouncer=true` out of a URL, which is not the server's to know, and says what it was.
fn without_pgbouncer(url: &str) -> Result<(String, Option<bool>), String> {
    let Some((address, options)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let mut pooled = None;
    let mut kept = Vec::new();
    for option in options.split('&') {
        match option.split_once('=') {
            Some(("pgbouncer", "true")) => pooled = Some(true),
            Some(("pgbouncer", "false")) => pooled = Some(false),
            Some(("pgbouncer", _)) => return Err("has pgbouncer= with neither true nor false".to_owned()),
            _ => kept.push(option),
        }
    }
    let url = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
    Ok((url, pooled))
}

#[cfg(test)]
mod tests {
    use super::{Database, without_pgbouncer};

    #[test]
    fn understands_pgbouncer_and_keeps_it_from_the_server() {
        let url = |text: &str| without_pgbouncer(text).map(|(url, pooled)| format!("{url} {pooled:?}"));
        assert_eq!(url("postgres://h/d").as_deref(), Ok("postgres://h/d None"));
        assert_eq!(url("postgres://h/d?pgbouncer=true").as_deref(), Ok("postgres://h/d Some(true)"));
        assert_eq!(
            url("postgres://h/d?sslmode=require&pgbouncer=false&a=b").as_deref(),
            Ok("postgres://h/d?sslmode=require&a=b Some(false)")
        );
        assert_eq!(url("postgres://h/d?pgbouncer=maybe").unwrap_err(), "has pgbouncer= with neither true nor false");
    }

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
