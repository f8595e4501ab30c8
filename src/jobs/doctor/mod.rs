//! `doctor`: checks everything that the jobs depend on, and says what to fix (spec 01). It only reads: it creates, migrates and sends
//! nothing, except one request to each provider with `--online`.
//!
//! [`crate::core::doctor`] judges the observations. A check whose precondition failed is reported as skipped.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;
use crate::config::database::Database;
use crate::core::doctor::{Check, judge, surroundings};
use crate::domain::job::Job;
use crate::run::error::RunError;
use crate::store::timeouts::Timeouts;

pub mod files;
mod findings;
pub mod online;
mod postgres;
pub mod schedule;
mod sqlite;

use findings::failed;

/// Where to look, and the jobs' settings.
#[derive(Debug)]
pub struct Settings {
    /// The database, or why the settings select none.
    pub database: Result<Database, RunError>,
    /// Whether it is the default SQLite file, whose folder is created on first use.
    pub unnamed: bool,
    /// The timeouts for it.
    pub timeouts: Timeouts,
    /// Replaces the database's clock, for tests.
    pub now: Option<DateTime<Utc>>,
    /// Where the host's `/etc`, `/usr` and `/var` are: `/`, except in tests.
    pub root: PathBuf,
    /// Each job's window; none if it is invalid.
    pub windows: Vec<(Job, Option<Duration>)>,
    /// Whether `process-conversations` is enabled.
    pub pipeline_enabled: bool,
}

/// Checks the database, the schedule and the latest runs. Also returns the time, by the database's clock if that can be read.
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
        Ok(Database::Sqlite(path)) => sqlite::examine(path, settings.unnamed, settings.timeouts, settings.now).await,
        Ok(database) => postgres::examine(database, settings.timeouts, settings.now).await,
    };
    let installed = schedule::find(&settings.root);
    checks.extend(installed.judge());
    checks.extend(installed.judge_windows(&settings.windows));
    let mut now = None;
    if let Some(store) = &store {
        match store.now().await {
            Ok(answered) => now = Some(answered),
            Err(error) => {
                // An earlier check of the clock can have succeeded.
                checks.retain(|check| check.name != "database.clock");
                checks.push(failed("database.clock", error));
            }
        }
    }
    for job in Job::ALL {
        let name = judge::name_of_run(job);
        let check = match (&store, now) {
            _ if job == Job::ProcessConversations && !settings.pipeline_enabled => {
                Check::skipped(name, "the pipeline is switched off (UNIFIED_PIPELINE_ENABLED)")
            }
            (Some(store), Some(now)) => {
                match (store.last_completion(job.as_str(), now).await, installed.longest(job)) {
                    (Err(error), _) => failed(name, error),
                    (Ok(_), None) => Check::skipped(name, format!("{job} is not scheduled daily")),
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
