//! Which database a command works on, and how long it waits for it.

use std::path::PathBuf;

use clap::ArgMatches;
use secrecy::ExposeSecret;

use crate::cli::args::common::{DATABASE_URL, DB_TIMEOUT, LEASE, NOW};
use crate::cli::raw::Problem;
use crate::config::database::Database;
use crate::config::{secrets, state};
use crate::store::Store;
use crate::store::terms::{self, Terms};

/// The name of the default SQLite file in the state folder.
pub const DEFAULT_FILE: &str = "nikita-jobs.sqlite";

/// Which database, to be written to: the state folder is made where it is needed.
pub fn database(matches: &ArgMatches) -> Result<Database, Problem> {
    if let Some(named) = named_database(matches)? {
        return Ok(named);
    }
    Ok(Database::Sqlite(state_folder()?.join(DEFAULT_FILE).into()))
}

/// The state folder, made if it is not there.
pub fn state_folder() -> Result<PathBuf, Problem> {
    let folder = state::folder().map_err(Problem::configuration)?;
    state::make_folder(&folder).map_err(|error| {
        Problem::configuration(format!("the state folder {} can't be made: {error}", folder.display()))
    })?;
    Ok(folder)
}

/// Which database, only to be looked at: nothing is made.
pub fn database_as_it_is(matches: &ArgMatches) -> Result<Database, Problem> {
    if let Some(named) = named_database(matches)? {
        return Ok(named);
    }
    Ok(Database::Sqlite(state::folder().map_err(Problem::configuration)?.join(DEFAULT_FILE).into()))
}

/// Whether nobody names a database, so that it is the file in the state folder.
pub fn names_no_database(matches: &ArgMatches) -> bool {
    matches!(named_database(matches), Ok(None))
}

/// Which database `migrate` works on: where the jobs go through a pooler, or as a user who may not alter tables,
/// `MIGRATION_DATABASE_URL` is its own way there. A flag is for this command alone, and wins.
pub fn database_to_migrate(matches: &ArgMatches) -> Result<Option<Database>, Problem> {
    if DATABASE_URL.is_typed(matches) {
        return Ok(None);
    }
    let secret = secrets::find("MIGRATION_DATABASE_URL").map_err(Problem::configuration)?;
    let parsed = secret.map(|url| Database::parse(url.expose_secret())).transpose();
    parsed.map_err(|why| Problem::configuration(format!("MIGRATION_DATABASE_URL {why}")))
}

fn named_database(matches: &ArgMatches) -> Result<Option<Database>, Problem> {
    if let Some(named) = DATABASE_URL.find(matches)? {
        return Ok(Some(named));
    }
    let secret = secrets::find("DATABASE_URL").map_err(Problem::configuration)?;
    let parsed = secret.map(|url| Database::parse(url.expose_secret())).transpose();
    parsed.map_err(|why| Problem::configuration(format!("DATABASE_URL {why}")))
}

/// The database, open as it is.
pub async fn connect(matches: &ArgMatches, connections: u32) -> Result<Store, Problem> {
    let (now, terms) = (NOW.find(matches)?, terms_of_job(matches)?);
    Ok(Store::connect(&database(matches)?, terms, connections, now).await?)
}

/// How long a job waits for its database.
pub fn terms_of_job(matches: &ArgMatches) -> Result<Terms, Problem> {
    let (lease, asked) = (LEASE.read(matches)?, DB_TIMEOUT.find(matches)?);
    let most = terms::longest_answer(lease);
    if asked.is_some_and(|asked| asked > most) {
        return Err(Problem::configuration(format!(
            "--db-timeout (NIKITA_DB_TIMEOUT) is longer than a sixth of --lease, {}: a run that waits so long for an answer would lose its lease",
            humantime::format_duration(most)
        )));
    }
    Ok(Terms::of_job(lease, asked))
}

/// How long a command that only looks waits for it.
pub fn terms_of_look(matches: &ArgMatches) -> Result<Terms, Problem> {
    DB_TIMEOUT.find(matches).map(Terms::of_look)
}

/// How long `check` and `migrate` wait: for ever, unless somebody says otherwise.
pub fn patient_terms(matches: &ArgMatches) -> Result<Terms, Problem> {
    DB_TIMEOUT.find(matches).map(Terms::patient)
}
