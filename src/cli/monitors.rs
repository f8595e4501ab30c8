//! Reports a run's start and end to the metrics file and the ping address. Dry runs, read-only commands and manual runs are not
//! part of the schedule and are not reported.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use clap::ArgMatches;
use tokio::task::JoinHandle;

use super::args;
use super::args::common::DRY_RUN;
use super::args::monitors::METRICS_FILE;
use super::raw::Problem;
use crate::clock;
use crate::domain::job::Job;
use crate::domain::result::{JobResult, Own};
use crate::monitor::Outcome;
use crate::monitor::metrics::{self, Sample};
use crate::monitor::ping::Pings;
use crate::run::lifecycle::Ended;
use crate::run::warnings;

/// The monitors of a run.
pub struct Monitors {
    job: String,
    metrics: Option<PathBuf>,
    pings: Option<Pings>,
    /// The first ping is sent in the background, so that a slow address delays no work.
    started: Option<JoinHandle<()>>,
}

impl Monitors {
    /// Reports a run's start.
    pub fn begin(job: &str, matches: &ArgMatches) -> Result<Self, Problem> {
        let by_hand = match Job::find(job) {
            Some(Job::Recover) => args::recover::KIND.text(matches).is_some(),
            Some(Job::ProcessConversations) => args::process::ID.is_set(matches),
            Some(Job::ScanStuck) => args::scan::AUDIT.is_set(matches) || args::scan::EXECUTION.is_set(matches),
            Some(Job::Decay) | None => false,
        };
        let is_reported = !(by_hand || DRY_RUN.is_on(matches));
        let pings = match Job::find(job) {
            Some(job) => pings(job, matches)?,
            None => args::exec::PING.find(matches)?,
        };
        let pings = pings.filter(|_| is_reported);
        let started = pings.clone().map(|pings| tokio::spawn(async move { pings.start().await }));
        let metrics = METRICS_FILE.text(matches).map(PathBuf::from).filter(|_| is_reported);
        let job = args::exec::JOB.text(matches).filter(|_| job == "exec").unwrap_or(job);
        Ok(Self { job: job.to_owned(), metrics, pings, started })
    }

    /// Reports a run's outcome. A failure to do so is only a warning in the log.
    pub async fn end(self, ended: &Ended) {
        let outcome = Outcome::of(ended.exit, ended.result.skip_reason());
        if let Some(path) = &self.metrics
            && let Err(error) =
                metrics::record(path, &sample(&self.job, outcome, &ended.result, &recovered(&ended.result)))
        {
            tracing::warn!(path = %path.display(), error = %error, "metrics not written");
        }
        if let Some(started) = self.started {
            // The start ping must arrive first, or the service would count the run as still running.
            let _ = started.await;
        }
        if let Some(pings) = &self.pings {
            pings.end(outcome, warnings::complete(&ended.result).to_json().get().to_owned()).await;
        }
    }
}

/// Validates the ping address without pinging it.
pub fn check(job: Job, matches: &ArgMatches) -> Result<(), Problem> {
    pings(job, matches).map(drop)
}

fn pings(job: Job, matches: &ArgMatches) -> Result<Option<Pings>, Problem> {
    match job {
        Job::Decay => args::decay::PING.find(matches),
        Job::ProcessConversations => args::process::PING.find(matches),
        Job::Recover => args::recover::PING.find(matches),
        Job::ScanStuck => args::scan::PING.find(matches),
    }
}

fn recovered(result: &JobResult) -> Vec<(&'static str, &'static str)> {
    result.recoveries().into_iter().map(|(kind, rule)| (kind, rule.as_str())).collect()
}

fn sample<'a>(
    job: &'a str,
    outcome: Outcome,
    result: &JobResult,
    recovered: &'a [(&'static str, &'static str)],
) -> Sample<'a> {
    let ended_at = clock::host_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970, and counts, are far below 2^53")]
    let float = |number: i64| number as f64;
    let count = |number: usize| i64::try_from(number).map_or(0.0, float);
    let mut sample = Sample {
        job,
        outcome,
        ended_at,
        completed_elsewhere: None,
        duration: float(result.common.duration_ms) / 1000.0,
        cost_usd: 0.0,
        pending: None,
        stuck: None,
        recovered,
    };
    match &result.own {
        Own::Skip(skip) => {
            sample.completed_elsewhere = skip.completed_at.map(|time| float(time.timestamp_millis()) / 1000.0);
        }
        Own::Process(it) => {
            sample.cost_usd = it.cost_usd.parse().unwrap_or_default();
            sample.pending = Some(count(it.deferred));
        }
        Own::Recover(it) => sample.stuck = it.deferred.map(float),
        Own::Scan(it) => sample.stuck = it.stuck_conversations.map(float),
        _ => {}
    }
    sample
}
