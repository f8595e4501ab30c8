//! Metrics for `node_exporter`'s textfile collector (spec 06).
//!
//! One file for all jobs of a host. A run reads it, changes its own job's samples and replaces it ([`shared_file`]). All series
//! exist from the first run on, with zeros.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{Outcome, shared_file};
use crate::domain::job::Job;

/// The metrics of a run.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// A [`Job`], which has metrics from the first run on, or a name of `exec`'s (a-z, 0-9, `-`, `_` and `.`), which has them from its own
    /// first run on.
    pub job: &'a str,
    /// Its outcome.
    pub outcome: Outcome,
    /// When it ended, in seconds since 1970, by the host's clock, because queries compare it with Prometheus's `time()`.
    pub ended_at: f64,
    /// When the job last completed on any host, if a skip has revealed it.
    pub completed_elsewhere: Option<f64>,
    /// How long it took, in seconds.
    pub duration: f64,
    /// Its cost, in US dollars.
    pub cost_usd: f64,
    /// How many conversations were due when it ended, if it counted them.
    pub pending: Option<f64>,
    /// How many conversations were stuck in processing when it ended, if it counted them.
    pub stuck: Option<f64>,
    /// The kind of each that it recovered, and the rule: those of [`RECOVERIES`] are counted.
    pub recovered: &'a [(&'static str, &'static str)],
}

/// Adds a run to the file at `path`.
///
/// # Errors
/// If the file or its directory can't be written. Then the old file is unchanged.
pub fn record(path: &Path, sample: &Sample<'_>) -> io::Result<()> {
    shared_file::update(path, |before| {
        let mut values = read(before)?;
        apply(&mut values, sample);
        Ok(render(&values))
    })
}

/// Values by series, as in the file: `name{labels}`.
type Values = BTreeMap<String, f64>;

struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    labels: Labels,
}

enum Labels {
    None,
    Job,
    JobAndOutcome,
    Recoveries,
}

/// Which job recovers what, and by which rules; beside its own runs that died, which every job closes.
const RECOVERIES: [(&str, &str, &str); 7] = [
    ("recover", "conversation", "owner_dead"),
    ("recover", "conversation", "inactive"),
    ("scan-stuck", "audit", "owner_dead"),
    ("scan-stuck", "audit", "inactive"),
    ("scan-stuck", "audit", "too_long"),
    ("scan-stuck", "execution", "inactive"),
    ("scan-stuck", "execution", "too_long"),
];

const LAST_SUCCESS: &str = "nikita_jobs_last_success_timestamp_seconds";
const LAST_COMPLETION: &str = "nikita_jobs_last_completion_timestamp_seconds";
const LAST_DURATION: &str = "nikita_jobs_last_duration_seconds";
const RUNS: &str = "nikita_jobs_runs_total";
const COST: &str = "nikita_jobs_cost_usd_total";
const RECOVERED: &str = "nikita_jobs_recovered_total";
const PENDING: &str = "nikita_jobs_conversations_pending";
const STUCK: &str = "nikita_jobs_conversations_stuck";

/// The gauges that a host observes, and when it did. A gauge whose observation is older than [`STALE`] is removed, because another host
/// can have a newer one.
const OBSERVED: [(&str, &str); 2] = [
    (PENDING, "nikita_jobs_conversations_pending_observed_timestamp_seconds"),
    (STUCK, "nikita_jobs_conversations_stuck_observed_timestamp_seconds"),
];
/// In seconds.
const STALE: f64 = 3600.0;

const METRICS: [Metric; 10] = [
    Metric {
        name: LAST_SUCCESS,
        kind: "gauge",
        help: "When the job last completed its work, on this host or, as far as a skip has told, on another; 0 for never.",
        labels: Labels::Job,
    },
    Metric {
        name: LAST_COMPLETION,
        kind: "gauge",
        help: "When a run on this host last ended, well or not, skips aside; 0 for never.",
        labels: Labels::Job,
    },
    Metric { name: LAST_DURATION, kind: "gauge", help: "How long that run took.", labels: Labels::Job },
    Metric { name: RUNS, kind: "counter", help: "Runs on this host by outcome.", labels: Labels::JobAndOutcome },
    Metric {
        name: RECOVERED,
        kind: "counter",
        help: "Conversations, audits and executions that runs on this host recovered, by the rule by which they were stuck.",
        labels: Labels::Recoveries,
    },
    Metric { name: COST, kind: "counter", help: "What runs on this host have cost.", labels: Labels::Job },
    Metric {
        name: PENDING,
        kind: "gauge",
        help: "Conversations that were still due when a run of process-conversations on this host last ended.",
        labels: Labels::None,
    },
    Metric {
        name: STUCK,
        kind: "gauge",
        help: "Conversations that were stuck in processing when a run of recover or scan-stuck on this host last ended.",
        labels: Labels::None,
    },
    Metric {
        name: OBSERVED[0].1,
        kind: "gauge",
        help: "When this host last counted conversations that are due; 0 for never.",
        labels: Labels::None,
    },
    Metric {
        name: OBSERVED[1].1,
        kind: "gauge",
        help: "When this host last counted conversations that are stuck; 0 for never.",
        labels: Labels::None,
    },
];

/// Name, kind, labels and help of every metric, for docs/reference.md.
pub fn described() -> impl Iterator<Item = [&'static str; 4]> {
    METRICS.iter().map(|it| {
        let labels = match it.labels {
            Labels::None => "–",
            Labels::Job => "`job_name`",
            Labels::JobAndOutcome => "`job_name`, `outcome`",
            Labels::Recoveries => "`job_name`, `kind`, `rule`",
        };
        [it.name, it.kind, labels, it.help]
    })
}

impl Metric {
    fn series(&self, jobs: &BTreeSet<String>) -> Vec<String> {
        let name = self.name;
        match self.labels {
            Labels::None => vec![name.to_owned()],
            Labels::Job => jobs.iter().map(|job| of_job(name, job)).collect(),
            Labels::JobAndOutcome => {
                let of = |job: &String| Outcome::ALL.map(|outcome| of_outcome(name, job, outcome));
                jobs.iter().flat_map(of).collect()
            }
            Labels::Recoveries => {
                let own = jobs.iter().map(|job| of_recovery(job, "execution", "owner_dead"));
                own.chain(RECOVERIES.iter().map(|(job, kind, rule)| of_recovery(job, kind, rule))).collect()
            }
        }
    }
}

/// Ours, and every other job that a series names.
fn jobs<'a>(series: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let name = |series: &'a str| Some(series.split_once("{job_name=\"")?.1.split_once('"')?.0);
    let named = series.filter_map(name).filter(|name| !name.is_empty() && name.chars().all(plain));
    Job::ALL.map(Job::as_str).into_iter().chain(named).map(str::to_owned).collect()
}

fn of_job(name: &str, job: &str) -> String {
    format!("{name}{{job_name=\"{job}\"}}")
}

fn of_outcome(name: &str, job: &str, outcome: Outcome) -> String {
    format!("{name}{{job_name=\"{job}\",outcome=\"{}\"}}", outcome.as_str())
}

fn of_recovery(job: &str, kind: &str, rule: &str) -> String {
    format!("{RECOVERED}{{job_name=\"{job}\",kind=\"{kind}\",rule=\"{rule}\"}}")
}

/// Our series in the file. Others, and unreadable lines, are dropped. A file without our series belongs to another program, unless a
/// crash has emptied it.
fn read(text: &[u8]) -> io::Result<Values> {
    let emptied = text.iter().all(|byte| *byte == 0);
    let text = String::from_utf8_lossy(text);
    if !emptied && !text.contains("nikita_jobs_") {
        return Err(io::Error::other("the file that is there holds no metrics of ours; remove it, or name another"));
    }
    Ok(parse(&text))
}

fn parse(text: &str) -> Values {
    // The label's earlier name was `job`, which Prometheus reserves.
    let known = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.replace("{job=", "{job_name="), value.parse().ok()?))
    };
    let old: Values = text.lines().filter_map(known).filter(|(_, value): &(_, f64)| value.is_finite()).collect();
    let gone = |series: &String| {
        OBSERVED
            .iter()
            .any(|(gauge, at)| gauge == series && !old.contains_key(*gauge) && old.get(*at).is_some_and(|at| *at > 0.0))
    };
    let jobs = jobs(old.keys().map(String::as_str));
    let all = METRICS.iter().flat_map(|metric| metric.series(&jobs)).filter(|series| !gone(series));
    all.map(|series| (series.clone(), old.get(&series).copied().unwrap_or_default())).collect()
}

fn apply(values: &mut Values, sample: &Sample<'_>) {
    // Whole, so that the compiler names a field that nothing uses.
    let Sample { job, outcome, ended_at, completed_elsewhere, duration, cost_usd, pending, stuck, recovered } = *sample;
    if Job::find(job).is_none() {
        let own = BTreeSet::from([job.to_owned()]);
        for series in METRICS.iter().filter(|it| !matches!(it.labels, Labels::None)).flat_map(|it| it.series(&own)) {
            values.entry(series).or_default();
        }
    }
    let mut set = |series: String, change: &dyn Fn(f64) -> f64| {
        if let Some(value) = values.get_mut(&series) {
            *value = change(*value);
        }
    };
    set(of_outcome(RUNS, job, outcome), &|runs| runs + 1.0);
    set(of_job(COST, job), &|cost| cost + cost_usd);
    for (kind, rule) in recovered {
        set(of_recovery(job, kind, rule), &|recovered| recovered + 1.0);
    }
    match outcome {
        Outcome::Success | Outcome::Partial => set(of_job(LAST_SUCCESS, job), &|_| ended_at),
        Outcome::Fresh => set(of_job(LAST_SUCCESS, job), &|last| last.max(completed_elsewhere.unwrap_or(last))),
        _ => {}
    }
    if !matches!(outcome, Outcome::Fresh | Outcome::Held) {
        set(of_job(LAST_COMPLETION, job), &|_| ended_at);
        set(of_job(LAST_DURATION, job), &|_| duration);
    }
    for ((gauge, at), seen) in OBSERVED.into_iter().zip([pending, stuck]) {
        if let Some(seen) = seen {
            values.insert(gauge.to_owned(), seen);
            values.insert(at.to_owned(), ended_at);
        }
        if values.get(at).is_some_and(|at| *at > 0.0 && ended_at - at > STALE) {
            values.remove(gauge);
        }
    }
}

fn render(values: &Values) -> String {
    let mut text = String::new();
    let jobs = jobs(values.keys().map(String::as_str));
    for metric in &METRICS {
        let _ = writeln!(text, "# HELP {} {}\n# TYPE {} {}", metric.name, metric.help, metric.name, metric.kind);
        for series in metric.series(&jobs) {
            if let Some(value) = values.get(&series) {
                let _ = writeln!(text, "{series} {value}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
