//! `health`, `stats`, `status`, `check` and `report` for people.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::table::Rows;
use crate::cli::figures::{counted, dollars, instant, millis, name, percent, short, whole};
use crate::cli::harmless::flat;
use crate::core::span::span;
use crate::domain::result::{
    CheckResult, ExecutionStatus, HealthResult, LeaseState, ReportResult, RunsResult, StatsResult, StatusResult,
};

/// The time of the query, by the database's clock.
type Now = Option<DateTime<Utc>>;

/// The text after the verdict.
pub fn health(it: &HealthResult, now: Now) -> String {
    let mut said = it.reasons.iter().fold(String::new(), |said, reason| said + "\n  " + &flat(reason));
    let judged = it.judged_conversations;
    let outcome = match (it.recent_success_rate, it.avg_duration_ms) {
        (Some(rate), Some(ms)) => {
            format!("{:.1} % of the last {judged} processed, {} on average", rate * 100.0, millis(ms))
        }
        (Some(rate), None) => format!("{:.1} % of the last {judged} processed", rate * 100.0),
        _ => "none yet".to_owned(),
    };
    let oldest =
        it.oldest_pending_seconds.map_or_else(String::new, |oldest| format!(", the oldest for {}", span(oldest)));
    let stuck = match (it.stuck_conversations, it.stuck_executions) {
        (0, 0) => "nothing".to_owned(),
        (conversations, runs) => format!("{}, {}", counted(conversations, "conversation"), counted(runs, "run")),
    };
    let rows = [
        ("conversations", outcome),
        ("pending", format!("{}{oldest}", whole(it.pending))),
        ("stuck", stuck),
        ("last completed run", it.last_completed_at.map_or_else(|| "never".to_owned(), |at| instant(at, now))),
    ];
    let _ = write!(said, "\n\n{}", pairs(rows));
    said
}

pub fn stats(it: &StatsResult, now: Now) -> String {
    let of = &it.conversations;
    let mut said = format!(
        "Since {}: {} of process-conversations, {} completed\n\n{}",
        instant(it.since, now),
        counted(it.total_executions, "run"),
        whole(it.success_count),
        pairs([
            (
                "conversations",
                format!(
                    "{} processed, {} in part, {} to be retried, {} failed, {} closed after the game's end, {} given back",
                    whole(of.success),
                    whole(of.partial_success),
                    whole(of.retrying),
                    whole(of.failed),
                    whole(of.skipped),
                    whole(of.released)
                )
            ),
            ("cost", dollars(it.cost_usd.parse().unwrap_or_default())),
            (
                "facts",
                format!(
                    "{} noted, {} of them not found in their transcript ({})",
                    whole(it.facts.learned),
                    whole(it.facts.unsupported),
                    percent(it.facts.unsupported, it.facts.learned)
                )
            ),
            (
                "tokens",
                format!(
                    "{} sent, {} of them from a cache ({})",
                    whole(it.tokens.input),
                    whole(it.tokens.cached),
                    percent(it.tokens.cached, it.tokens.input)
                )
            ),
            ("slowest stage", it.slowest_stage.as_deref().map_or_else(|| "none".to_owned(), name)),
        ])
    );
    if !it.count.is_empty() {
        let header = ["stage", "runs", "failed", "average", "p50", "p95", "max"];
        let mut table = Rows::new().header(header).right(1..7);
        let mut stages: Vec<_> = it.count.iter().collect();
        stages.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (stage, count) in stages {
            let ms = |of: &std::collections::BTreeMap<String, f64>| millis(of.get(stage).copied().unwrap_or_default());
            table.row([
                name(stage),
                whole(*count),
                whole(it.failure_count.get(stage).copied().unwrap_or_default()),
                ms(&it.avg_duration_ms),
                ms(&it.p50_duration_ms),
                ms(&it.p95_duration_ms),
                ms(&it.max_duration_ms),
            ]);
        }
        let _ = write!(said, "\n\n{}", table.show());
        if !it.sample_is_whole {
            let _ = write!(said, "\n\nOf the newest {} runs that met a conversation.", whole(it.sampled_executions));
        }
    }
    if !it.jobs.is_empty() {
        let mut table = Rows::new().header(["job", "runs", "completed", "failed", "running"]).right(1..5);
        for (job, of) in &it.jobs {
            table.row([name(job), whole(of.total), whole(of.completed), whole(of.failed), whole(of.running)]);
        }
        let _ = write!(said, "\n\n{}", table.show());
    }
    said
}

/// Live runs, then the latest run of each job.
pub fn status(it: &StatusResult, now: Now) -> String {
    if it.live.is_empty() {
        return latest(it, now);
    }
    format!("Running now\n{}\n\nThe latest run of each job\n{}", listed(&it.live, now), latest(it, now))
}

fn latest(it: &StatusResult, now: Now) -> String {
    let blocks = it.jobs.iter().map(|entry| {
        let job = name(&entry.job);
        entry
            .execution
            .as_ref()
            .map_or_else(|| format!("{job}: never ran"), |run| format!("{job}: {}", in_short(run, now)))
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// The runs since a time.
pub fn runs(it: &RunsResult, now: Now) -> String {
    if it.runs.is_empty() {
        return format!("No such run since {}.", instant(it.since, now));
    }
    let mut said = listed(&it.runs, now);
    if it.more {
        let _ = write!(said, "\nand more; --rows lists them");
    }
    said
}

fn listed(runs: &[ExecutionStatus], now: Now) -> String {
    runs.iter().map(|run| format!("{}: {}", name(&run.job), in_short(run, now))).collect::<Vec<_>>().join("\n")
}

/// A run in a few lines: its state, time, host, progress, error and id.
fn in_short(run: &ExecutionStatus, now: Now) -> String {
    let when = match run.completed_at.filter(|_| !run.is_running()) {
        Some(ended) => format!("ended {}, took {}", instant(ended, now), took(run)),
        None => format!("began {}", instant(run.started_at, now)),
    };
    let mut said = format!("{}\n  {when}", standing(run));
    if let Some(host) = &run.host {
        let _ = write!(said, " on {}", name(host));
    }
    for more in progress(run).into_iter().chain(complaint(run)) {
        let _ = write!(said, "\n  {more}");
    }
    let _ = write!(said, "\n  execution {}", name(&run.execution_id));
    said
}

pub fn execution(it: &ExecutionStatus, now: Now) -> String {
    let mut rows = vec![("began", instant(it.started_at, now))];
    rows.extend(it.completed_at.map(|ended| ("ended", instant(ended, now))));
    rows.push((if it.is_running() { "running for" } else { "took" }, took(it)));
    if let Some(host) = &it.host {
        let pid = it.pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
        rows.push(("host", format!("{}, process {pid}", name(host))));
    }
    if let Some(age) = it.heartbeat_age_seconds {
        rows.push(("heartbeat", format!("{} ago", span(age))));
    }
    rows.extend(progress(it).map(|said| ("progress", said)));
    rows.extend(complaint(it).map(|said| ("error", said)));
    rows.extend(it.stored().warnings.iter().map(|warning| ("warning", short(warning, 320))));
    if let Some(cost) = &it.cost_usd {
        rows.push(("cost", dollars(cost.parse().unwrap_or_default())));
    }
    let head = format!("{} {}: {}", name(&it.job), name(&it.execution_id), standing(it));
    // Any figures that the job stored; it can be another program's.
    let figures = it.result.as_object().into_iter().flatten().filter(|(field, value)| {
        let shown = ["exit_code", "duration_ms", "schema_version"].contains(&field.as_str());
        !shown && (value.is_number() || field.as_str() == "points")
    });
    let figures = figures.map(|(field, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), name);
        [name(&field.replace('_', " ")), value]
    });
    let rows = rows.into_iter().map(|(label, value)| [label.to_owned(), value]);
    format!("{head}\n\n{}", Rows::new().rows(rows.chain(figures)).show())
}

/// The status, with the lease's state for a running execution and the outcome for one that ended.
fn standing(it: &ExecutionStatus) -> String {
    let status = name(&it.status);
    match it.lease {
        Some(LeaseState::Dead) => format!("{status}, but its owner is dead"),
        Some(LeaseState::Unknown) => format!("{status}, without a lease"),
        Some(LeaseState::Live) => status,
        None => match it.stored().status.as_deref() {
            Some("partial") => format!("{status} in part"),
            Some("interrupted") => format!("{status}, interrupted"),
            _ => status,
        },
    }
}

fn took(it: &ExecutionStatus) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for a person")]
    it.duration_ms.or(it.elapsed_ms).map_or_else(|| "–".to_owned(), |ms| millis(ms as f64))
}

/// `120 of 400 conversations (30 %)`
fn progress(it: &ExecutionStatus) -> Option<String> {
    let progress = it.progress()?;
    let (done, unit) = (progress.done, name(progress.unit.as_deref().unwrap_or("items")));
    let stage = progress.stage.as_deref().map_or_else(String::new, |stage| format!(", {}", name(stage)));
    Some(match progress.total {
        Some(total) if total > 0 => {
            format!("{} of {} {unit} ({}){stage}", whole(done), whole(total), percent(done, total))
        }
        _ => format!("{} {unit}{stage}", whole(done)),
    })
}

fn complaint(it: &ExecutionStatus) -> Option<String> {
    it.stored().error.map(|error| name(&error.message))
}

pub fn check(it: &CheckResult) -> String {
    if it.broken == 0 {
        return format!("All {} promises are kept.", it.checked);
    }
    let mut said =
        format!("{} of {} promises {} broken.", it.broken, it.checked, if it.broken == 1 { "is" } else { "are" });
    for promise in it.promises.iter().filter(|promise| !promise.rows.is_empty()) {
        let _ = write!(said, "\n\n{}: {}", promise.name, promise.promise);
        if let Some(limits) = promise.limits {
            let _ = write!(said, "\n({limits})");
        }

        let table = Rows::new().rows(promise.rows.iter().map(|row| [short(&row.id, 200), short(&row.found, 200)]));
        let _ = write!(said, "\n{}", table.show());
        if promise.more {
            let _ = write!(said, "\nand more; --rows lists them");
        }
    }
    said
}

pub fn report(it: &ReportResult, now: Now) -> String {
    let kilobytes = i64::try_from(it.bytes / 1000).unwrap_or(i64::MAX).max(1);
    format!("{}: since {}, {} KB; the pipeline is {}", it.file, instant(it.since, now), whole(kilobytes), it.health)
}

fn pairs<const N: usize>(rows: [(&str, String); N]) -> String {
    Rows::new().rows(rows.map(|(label, value)| [label.to_owned(), value])).show()
}
