//! The read-only commands: `health`, `stats`, `status`, `report`, `check`. They create and migrate nothing, and need no lease.

use std::fs;
use std::io::{ErrorKind, IsTerminal, stderr};
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;

use super::args::common::{IDLE, NOW, SESSION_TIMEOUT};
use super::harmless::Harmless;
use super::output::Output;
use super::raw::Problem;
use super::signals::listen;
use super::{args, compose};
use super::{database_source, human, page, progress_bar, replace_file, terminal};
use crate::clock;
use crate::config::database::Database;
use crate::domain::ids::ExecutionId;
use crate::domain::result::{JobResult, LookedAt, Own, ReportResult, ServerRole, Status};
use crate::jobs::look::{Look, rounded};
use crate::jobs::{check, health, report, stats, status};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, common};
use crate::store::Store;
use crate::store::history::executions::Listed;
use crate::store::timeouts::Timeouts;

/// How often `--watch` refreshes.
const EVERY: Duration = Duration::from_secs(1);

/// `health`.
pub async fn health(matches: &ArgMatches) -> Result<Ended, Problem> {
    let settings = health_settings(matches)?;
    looked("health", matches, async |store| health::query(&settings, store).await).await
}

/// `stats`.
pub async fn stats(matches: &ArgMatches) -> Result<Ended, Problem> {
    let since = args::stats::SINCE.read(matches)?;
    looked("stats", matches, async |store| stats::query(since, store).await).await
}

/// `status`.
pub async fn status(matches: &ArgMatches, output: Output) -> Result<Ended, Problem> {
    let id = args::status::ID.text(matches).map(|text| {
        text.parse::<ExecutionId>().map_err(|_| Problem::Usage(format!("{text:?} is not an execution's id, a UUID")))
    });
    let id = id.transpose()?;
    if id.is_some() && args::status::SINCE.is_typed(matches) {
        return Err(Problem::Usage("--since lists runs: leave it out, or the id".to_owned()));
    }
    // An id on the command line wins over the variable.
    let since = args::status::SINCE.find(matches)?.filter(|_| id.is_none());
    let filters = [args::status::JOB, args::status::STATE, args::status::HOST];
    filters.iter().try_for_each(|filter| filter.needs(matches, "--since", since.is_some()))?;
    if let Some(since) = since {
        let [job, state, host] = filters.map(|filter| filter.find(matches));
        let (job, state, host) = (job?, state?, host?);
        let rows = args::status::ROWS.read(matches)?;
        return looked("status", matches, async |store| {
            let since = stats::before(store.now().await?, since);
            status::list(&Listed { since: Some(since), job, state, host }, since, rows, store).await
        })
        .await;
    }
    if !args::status::WATCH.is_on(matches) {
        return looked("status", matches, async |store| status::query(id, store).await).await;
    }
    if output.is_json() || output.quiet || !stderr().is_terminal() || terminal::is_dumb() {
        return Err(Problem::Usage(
            "--watch needs human output on a terminal that can move its cursor; leave it out, or use --format human"
                .to_owned(),
        ));
    }
    let signals = listen()?;
    looked("status", matches, async |store| {
        loop {
            let look = status::query(id, store).await?;
            if matches!(&look.own, Own::Execution(it) if !it.execution.is_running()) {
                return Ok(look);
            }
            progress_bar::draw(Harmless::text(&human::found(&look.own)).to_string());
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = signals.stopping() => return Ok(Look { status: Status::Interrupted, exit: signals.exit(), ..look }),
            }
        }
    })
    .await
}

/// `check`.
pub async fn check(matches: &ArgMatches) -> Result<Ended, Problem> {
    let settings = check::Settings { since: args::check::SINCE.find(matches)?, rows: args::check::ROWS.read(matches)? };
    looked("check", matches, async |store| check::query(settings, store).await).await
}

/// `report`.
pub async fn report(matches: &ArgMatches) -> Result<Ended, Problem> {
    let settings = report::Settings { since: args::report::SINCE.read(matches)?, health: health_settings(matches)? };
    let file = args::report::OUTPUT.read(matches)?;
    looked("report", matches, async |store| {
        let found = report::gather(&settings, store).await?;
        let html = page::render(&found);
        replace_file::replace(Path::new(&file), html.as_bytes()).map_err(|why| {
            RunError::Configuration(format!(
                "the report can't be written to {file}: {why}. Name a file in an existing, writable folder"
            ))
        })?;
        let (bytes, health) = (html.len(), found.examined.verdict.health);
        Ok(Look::ok(ReportResult { file, bytes, since: found.since, health }))
    })
    .await
}

fn health_settings(matches: &ArgMatches) -> Result<health::Settings, Problem> {
    Ok(health::Settings {
        session_timeout: SESSION_TIMEOUT.read(matches)?,
        rollout: compose::rollout(matches)?,
        idle: IDLE.read(matches)?,
    })
}

/// Opens the database read-only and checks that its schema is this binary's; creates and migrates nothing. A missing SQLite file counts
/// as an empty database.
pub async fn open(matches: &ArgMatches) -> Result<Store, Problem> {
    open_on(matches, compose::read_only_timeouts(matches)?).await
}

async fn open_on(matches: &ArgMatches, timeouts: Timeouts) -> Result<Store, Problem> {
    let (database, now) = (compose::database_as_it_is(matches)?, NOW.find(matches)?);
    Output::read(matches)?.note(&format!("database {}", database_source::named(&database, matches)));
    let missing = match &database {
        Database::Sqlite(path) => {
            fs::symlink_metadata(&path.path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        }
        Database::Postgres(_) => false,
    };
    if let (Database::Sqlite(path), true) = (&database, missing) {
        tracing::warn!(
            file = %path.display(),
            "there is no database yet, so it counts as empty; the first run of a job creates it; DATABASE_URL names another"
        );
        return Ok(Store::empty(now).await?);
    }
    let store = Store::look(&database, timeouts, now).await?;
    tell_standby(&store).await?;
    store.check_schema().await?;
    Ok(store)
}

/// Says so where a standby answers.
pub async fn tell_standby(store: &Store) -> Result<(), Problem> {
    if let Some(standby) = store.standby().await? {
        tracing::warn!(
            server = standby.server,
            lag.seconds = standby.lag_seconds,
            "reading from a read-only standby, which lags behind the primary"
        );
    }
    Ok(())
}

/// Opens the database for writing.
pub async fn writable(matches: &ArgMatches) -> Result<Store, Problem> {
    let (database, timeouts, now) =
        (compose::database(matches)?, compose::read_only_timeouts(matches)?, NOW.find(matches)?);
    let store = Store::connect(&database, timeouts, 1, now).await?;
    store.make_ready().await?;
    Ok(store)
}

/// Opens the database read-only, runs the query and adds the common fields to its result.
pub async fn looked(
    command: &str,
    matches: &ArgMatches,
    look: impl AsyncFnOnce(&Store) -> Result<Look, RunError>,
) -> Result<Ended, Problem> {
    let began = clock::start();
    // `check` reads whole tables, and `--watch` has no end: no time limit for either.
    let timeouts = if command == "check" || args::status::WATCH.is_on(matches) {
        compose::unlimited_timeouts(matches)?
    } else {
        compose::read_only_timeouts(matches)?
    };
    let store = open_on(matches, timeouts).await?;
    let started_at = store.now().await?;
    let looked = look(&store).await;
    store.close().await;
    let Look { own, status, exit } = looked?;
    let result = common(command, status, exit, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result: at(&store, result), exit })
}

/// A result that says so where the server looked at is a standby.
pub fn at(store: &Store, mut result: JobResult) -> JobResult {
    result.common.looked_at = store.known_standby().map(|standby| LookedAt {
        role: ServerRole::Standby,
        server: standby.server.clone(),
        replay_lag_seconds: standby.lag_seconds.map(|lag| rounded(lag, 3)),
    });
    result
}
