//! Which database a command uses and which setting named it, shown to a person, who may have meant another (spec 06).

use std::env;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::env_file;
use crate::config::database::Database;
use crate::config::secrets;
use crate::store::diagnostics::place;

/// `sqlite:/var/lib/nikita-jobs/nikita-jobs.sqlite, by STATE_DIRECTORY (the services' settings)`
pub fn named(database: &Database, matches: &ArgMatches) -> String {
    format!("{}, by {}", which(database), by(matches))
}

/// The database, without user and password.
pub fn which(database: &Database) -> String {
    match database {
        Database::Sqlite(path) => format!("sqlite:{}", path.display()),
        Database::Postgres { .. } => match place(database) {
            Ok(Some(place)) => format!("postgres://{}:{}", place.host, place.port),
            _ => "a PostgreSQL database".to_owned(),
        },
    }
}

/// Which setting named it.
pub fn by(matches: &ArgMatches) -> String {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let from = |name: &str| format!("{name} ({})", env_file::origin(name));
    if matches.value_source("database-url") == Some(ValueSource::CommandLine) {
        return "--database-url".to_owned();
    }
    let variables = ["DATABASE_URL", "DATABASE_URL_FILE"];
    if let Some(name) = variables.into_iter().find(|name| set(name)) {
        return from(name);
    }
    if let Some(path) = secrets::path("DATABASE_URL") {
        return format!("the credential {}", path.display());
    }
    let folders = ["STATE_DIRECTORY", "XDG_STATE_HOME"];
    folders.into_iter().find(|name| set(name)).map_or_else(|| "default (nothing names one)".to_owned(), from)
}
