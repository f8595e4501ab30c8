//! Tells the metrics file and the ping address of a run's beginning and end. What is only looked at, and what an operator does
//! by hand, is no run of the schedule and is not told.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use clap::ArgMatches;
use tokio::task::JoinHandle;

use super::args;
use super::args::common::DRY_RUN;
use super::args::monitors::METRICS_FILE;
use super::raw::Problem;
use crate::clock;
use crate::domain::result::{JobResult, Own};
use crate::monitor::Outcome;
use crate::monitor::metrics::{self, Sample};
use crate::monitor::ping::Pings;
use crate::run::lifecycle::Ended;

/// Who is to be told.
pub struct Monitors {
    job: String,
    metrics: Option<PathBuf>,
    pings: Option<Pings>,
    /// The first ping goes out while the run begins: a slow address delays no work.
    started: Option<JoinHandle<()>>,
}

impl Monitors {
    /// Says that a run begins.
    pub fn begin(job: &str, matches: &ArgMatches) -> Result<Self, Problem> {
        let by_hand = match job {
            "recover" => args::recover::KIND.text(matches).is_some(),
            "process-conversations" => args::process::ID.is_set(matches),
            "scan-stuck" => args::scan::AUDIT.is_set(matches) || args::scan::EXECUTION.is_set(matches),
            _ => false,
        };
        let told = !(by_hand || DRY_RUN.is_on(matches));
        let pings = pings(job, matches)?.filter(|_| told);
        let started = pings.clone().map(|pings| tokio::spawn(async move { pings.start().await }));
        let metrics = METRICS_FILE.text(matches).map(PathBuf::from).filter(|_| told);
        let job = args::exec::JOB.text(matches).filter(|_| job == "exec").unwrap_or(job);
        Ok(Self { job: job.to_owned(), metrics, pings, started })
    }

    /// Says how it came out. What fails here is a warning in the log and no more.
    pub async fn end(self, ended: &Ended) {
        let outcome = Outcome::of(ended.exit, ended.result.skip_reason());
        if let Some(path) = &self.metrics
            && let Err(error) =
                metrics::record(path, &sample(&self.job, outcome, &ended.result, &recovered(&ended.result)))
        {
            tracing::warn!(path = %path.display(), error = %error, "metrics not written");
        }
        if let Some(started) = self.started {
            // In this order, or the service would count the run as still going on.
            let _ = started.await;
        }
        if let Some(pings) = &self.pings {
            pings.end(outcome, ended.result.to_value().to_string()).await;
        }
    }
}

/// Refuses an address that can't be pinged, and pings nothing.
pub fn check(job: &str, matches: &ArgMatches) -> Result<(), Problem> {
    pings(job, matches).map(drop)
}

fn pings(job: &str, matches: &ArgMatches) -> Result<Option<Pings>, Problem> {
    match job {
        "decay" => args::decay::PING.find(matches),
        "process-conversations" => args::process::PING.find(matches),
        "recover" => args::recover::PING.find(matches),
        "scan-stuck" => args::scan::PING.find(matches),
        "exec" => args::exec::PING.find(matches),
        _ => Ok(None),
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
        Own::Recover(it) => sample.stuck = Some(float(it.deferred)),
        Own::Scan(it) => sample.stuck = Some(float(it.stuck_conversations)),
        _ => {}
    }
    sample
}
