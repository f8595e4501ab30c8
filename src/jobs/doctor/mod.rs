//! `doctor`: looks at all that the jobs stand on, and says what to do (spec 01). It only reads: nothing is made, migrated or
//! sent, but for one question a provider with `--online`.
//!
//! What is seen is judged in [`crate::core::doctor`]. A check that needs what an earlier one has not found is skipped, and says
//! so.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;
use crate::config::database::Database;
use crate::core::doctor::{Check, SHIPPED, judge, surroundings};
use crate::run::error::RunError;
use crate::store::terms::Terms;

pub mod files;
mod findings;
pub mod online;
mod postgres;
pub mod schedule;
mod sqlite;

use findings::failed;

/// Where to look, and what the jobs' settings say.
#[derive(Debug)]
pub struct Settings {
    /// Which database; an error where nobody can say.
    pub database: Result<Database, RunError>,
    /// Whether it is the SQLite file that nobody has named, whose folder is made on first use.
    pub unnamed: bool,
    /// How long it is waited for.
    pub terms: Terms,
    /// Stands in for the database's clock.
    pub now: Option<DateTime<Utc>>,
    /// Where the host's `/etc`, `/usr` and `/var` are: `/`, but for tests.
    pub root: PathBuf,
    /// Each job's window; none where it is set wrongly.
    pub windows: Vec<(&'static str, Option<Duration>)>,
    /// Whether `process-conversations` does anything.
    pub pipeline_enabled: bool,
}

/// Looks at the database, the schedule, and the latest runs. When that was, by the database's clock if it could be asked.
pub async fn examine(settings: &Settings) -> (Vec<Check>, DateTime<Utc>) {
    let (mut checks, store) = match &settings.database {
        Err(error) => {
            let failed = Check::failed(
                "database.connection",
                error.exit(),
                &error.to_string(),
                "Set DATABASE_URL, DATABASE_URL_FILE or the systemd credential DATABASE_URL",
            );
            (vec![failed], None)
        }
        Ok(Database::Sqlite(path)) => sqlite::examine(path, settings.unnamed, settings.terms, settings.now).await,
        Ok(database) => postgres::examine(database, settings.terms, settings.now).await,
    };
    let installed = schedule::find(&settings.root);
    checks.extend(installed.judge());
    checks.extend(installed.judge_windows(&settings.windows));
    let mut now = None;
    if let Some(store) = &store {
        match store.now().await {
            Ok(answered) => now = Some(answered),
            Err(error) => {
                // It may have answered before.
                checks.retain(|check| check.name != "database.clock");
                checks.push(failed("database.clock", error));
            }
        }
    }
    for (job, shipped) in SHIPPED {
        let name = judge::name_of_run(job);
        let check = match (&store, now) {
            _ if job == "process-conversations" && !settings.pipeline_enabled => {
                Check::skipped(name, "the pipeline is switched off (UNIFIED_PIPELINE_ENABLED)")
            }
            (Some(store), Some(now)) => {
                match (store.last_completion(job, now).await, installed.longest(job, shipped)) {
                    (Err(error), _) => failed(name, error),
                    (Ok(_), None) => Check::skipped(name, format!("the schedule of {job} is not a daily one")),
                    (Ok(last), Some(interval)) => {
                        let age = last.map(|last| (now - last).num_seconds());
                        judge::last_run(job, age, interval, installed.has(job))
                    }
                }
            }
            _ => Check::skipped(name, "the database is not ready"),
        };
        checks.push(check);
    }
    if let (Some(store), Some(now)) = (&store, now) {
        match store.doctor_counts(now).await {
            Ok(counts) => checks.extend(surroundings::data(counts)),
            Err(error) => checks.push(failed("data.times", error)),
        }
    }
    if let Some(store) = store {
        store.close().await;
    }
    (checks, now.unwrap_or_else(|| clock::host_time().into()))
}
