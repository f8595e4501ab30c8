//! Which database a command works on, and how long it waits for it.

use std::path::PathBuf;

use clap::ArgMatches;
use secrecy::ExposeSecret;

use crate::cli::args::common::{DATABASE_URL, DB_TIMEOUT, LEASE, NOW};
use crate::cli::raw::Problem;
use crate::config::database::Database;
use crate::config::{secrets, state};
use crate::store::Store;
use crate::store::timeouts::{self, Timeouts};

/// The name of the default SQLite file in the state folder.
pub const DEFAULT_FILE: &str = "nikita-jobs.sqlite";

/// The database for writing: creates the state folder if it is needed.
pub fn database(matches: &ArgMatches) -> Result<Database, Problem> {
    if let Some(named) = named_database(matches)? {
        return Ok(named);
    }
    Ok(Database::Sqlite(state_folder()?.join(DEFAULT_FILE).into()))
}

/// The state folder, created if it does not exist.
pub fn state_folder() -> Result<PathBuf, Problem> {
    let folder = state::folder().map_err(Problem::configuration)?;
    state::make_folder(&folder).map_err(|error| {
        Problem::configuration(format!("the state folder {} can't be made: {error}", folder.display()))
    })?;
    Ok(folder)
}

/// The database for reading: creates nothing.
pub fn database_as_it_is(matches: &ArgMatches) -> Result<Database, Problem> {
    if let Some(named) = named_database(matches)? {
        return Ok(named);
    }
    Ok(Database::Sqlite(state::folder().map_err(Problem::configuration)?.join(DEFAULT_FILE).into()))
}

/// Whether no setting names a database, so that the file in the state folder is used.
pub fn names_no_database(matches: &ArgMatches) -> bool {
    matches!(named_database(matches), Ok(None))
}

/// The database that `migrate` works on, if it has its own URL. `MIGRATION_DATABASE_URL` serves deployments whose jobs connect through
/// a pooler, or as a user without the right to alter tables. `--database-url` on the command line wins over it.
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

/// Connects to the database and leaves its schema as it is.
pub async fn connect(matches: &ArgMatches, connections: u32) -> Result<Store, Problem> {
    let (now, timeouts) = (NOW.find(matches)?, timeouts_of_job(matches)?);
    Ok(Store::connect(&database(matches)?, timeouts, connections, now).await?)
}

/// A job's timeouts for its database.
pub fn timeouts_of_job(matches: &ArgMatches) -> Result<Timeouts, Problem> {
    let (lease, asked) = (LEASE.read(matches)?, DB_TIMEOUT.find(matches)?);
    let most = timeouts::longest_answer(lease);
    if asked.is_some_and(|asked| asked > most) {
        return Err(Problem::configuration(format!(
            "--db-timeout (NIKITA_DB_TIMEOUT) is longer than a sixth of --lease, {}: a run that waits that long for a response would lose its lease",
            humantime::format_duration(most)
        )));
    }
    Ok(Timeouts::of_job(lease, asked))
}

/// A read-only command's timeouts.
pub fn read_only_timeouts(matches: &ArgMatches) -> Result<Timeouts, Problem> {
    DB_TIMEOUT.find(matches).map(Timeouts::read_only)
}

/// The timeouts of `check` and `migrate`: none, unless one is set.
pub fn unlimited_timeouts(matches: &ArgMatches) -> Result<Timeouts, Problem> {
    DB_TIMEOUT.find(matches).map(Timeouts::unlimited)
}
