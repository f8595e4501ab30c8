//! The jobs: a strip with a mark for each of the latest runs, how the last one ended, and when the next is expected.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::cli::figures::{counted, counted_all, day, float, millis, name, short};
use crate::core::expected::{self, Expected};
use crate::core::span::span;
use crate::domain::result::Stored;
use crate::jobs::report::{Report, STRIP};
use crate::jobs::status::by_job;
use crate::store::history::executions::Execution;
use crate::store::history::recent::RecentRun;

/// How a run came out, as its mark shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Success,
    Partial,
    Failed,
    /// Skipped, or ended by a signal: it says nothing about the work.
    Stopped,
    Running,
}

/// Class, word, and how much of the strip's height: also who sees no colour sees trouble stand out.
const MARKS: [(Mark, &str, &str, u32); 5] = [
    (Mark::Success, "good", "succeeded", 14),
    (Mark::Partial, "warn", "in part", 20),
    (Mark::Failed, "bad", "failed", 28),
    (Mark::Stopped, "idle", "skipped or stopped", 7),
    (Mark::Running, "accent", "running", 14),
];

impl Mark {
    fn of(run: &RecentRun) -> Self {
        match (run.status.as_str(), run.said.as_deref()) {
            ("running", _) => Self::Running,
            (_, Some("skipped" | "interrupted")) => Self::Stopped,
            ("completed", Some("partial")) => Self::Partial,
            ("completed", _) => Self::Success,
            _ => Self::Failed,
        }
    }

    fn look(self) -> (&'static str, &'static str, u32) {
        MARKS.iter().find(|it| it.0 == self).map_or(("idle", "", 7), |it| (it.1, it.2, it.3))
    }
}

/// The section.
pub fn section(report: &Report) -> Markup {
    html! {
        section.card aria-labelledby="jobs" {
            div.caption {
                h2 #jobs { "Jobs" }
                ul.legend aria-hidden="true" { @for (_, class, word, _) in MARKS { li { span class=(class) {} (word) } } }
            }
            p.summary { "A mark is a run, the newest on the right: the latest " (STRIP) " of each job." }
            div.jobs { @for (job, latest) in by_job(&report.latest) { (row(report, job, latest)) } }
        }
    }
}

fn row(report: &Report, job: &str, latest: Option<&Execution>) -> Markup {
    let now = report.examined.now;
    let runs: Vec<_> = report.recent.iter().filter(|it| it.job == job).take(STRIP).collect();
    let recovered = report.recovered.iter().find(|it| it.job == job).map_or(0, |it| it.recovered);
    let error = latest.and_then(|it| Stored::read(&it.result).error);
    html! {
        article.job data-job=(job) {
            div.who {
                h3 { (name(job)) }
                @match latest {
                    Some(it) => p.meta {
                        span.status data-status=(it.status) { (name(&it.status)) }
                        " " (span((now - it.started_at).num_seconds().max(0))) " ago"
                        @if let Some(ms) = it.duration_ms { ", took " (millis(float(ms))) }
                    },
                    None => p.meta { "never ran" },
                }
                @if let Some(it) = latest { p.id { code { (name(&it.id)) } } }
            }
            (strip(job, &runs))
            div.next {
                @if let Some(expected) = next(report, job) { (said(&expected, now)) }
                @else if latest.is_some() { p.meta { "too few runs to expect the next" } }
                @if recovered > 0 { p.meta { (counted(recovered, "recovery").replace("recoverys", "recoveries")) " since " (day(report.since)) } }
            }
            @if let Some(why) = error { p.why { (short(&why.message, 700)) } }
        }
    }
}

/// When a job's next run is expected.
pub fn next(report: &Report, job: &str) -> Option<Expected> {
    expected::next(report.recent.iter().filter(|it| it.job == job).map(|it| it.started_at), report.examined.now)
}

fn said(expected: &Expected, now: DateTime<Utc>) -> Markup {
    html! {
        p.due.late[expected.is_missed(now)] { (when(expected, now)) }
        p.meta { "usually every " (span(expected.every.num_seconds())) }
    }
}

/// `expected 12:04 UTC, in 3 min`
pub fn when(expected: &Expected, now: DateTime<Utc>) -> String {
    let seconds = (expected.at - now).num_seconds();
    let day = if expected.at.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%-d %b, %H:%M UTC" };
    let at = expected.at.format(day);
    match seconds {
        0.. => format!("expected {at}, in {}", span(seconds)),
        _ if expected.is_missed(now) => format!("expected {at}, {} late", span(-seconds)),
        _ => format!("expected {at}, due now"),
    }
}

fn strip(job: &str, runs: &[&RecentRun]) -> Markup {
    let mut counts = Vec::new();
    for (mark, _, word, _) in MARKS {
        let many = runs.iter().filter(|it| Mark::of(it) == mark).count();
        if many > 0 {
            counts.push(format!("{many} {word}"));
        }
    }
    let label = format!("{}, the latest {}: {}", name(job), counted_all(runs.len(), "run"), counts.join(", "));
    let width = STRIP * 10;
    html! {
        div.strip {
            svg viewBox=(format!("0 0 {width} 28")) preserveAspectRatio="none" role="img" aria-label=(label) {
                line.grid x1="0" x2=(width) y1="28" y2="28" {}
                @for (back, run) in runs.iter().enumerate() {
                    @let (class, word, height) = Mark::of(run).look();
                    rect class=(class) data-mark=(word) x=(width - 10 * (back + 1) + 1) width="8" y=(28 - height) height=(height) {
                        title { (run.started_at.format("%-d %b %H:%M:%S")) ": " (word) @if let Some(error) = &run.error { ", " (short(error, 200)) } }
                    }
                }
            }
            p.meta { (counts.join(", ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let run = |status: &str, said: Option<&str>| RecentRun {
            id: String::new(),
            job: String::new(),
            status: status.to_owned(),
            said: said.map(str::to_owned),
            error: None,
            started_at: DateTime::UNIX_EPOCH,
            duration_ms: None,
        };
        for (status, said, mark) in [
            ("completed", Some("ok"), Mark::Success),
            ("completed", None, Mark::Success),
            ("completed", Some("partial"), Mark::Partial),
            ("failed", Some("error"), Mark::Failed),
            ("failed", Some("interrupted"), Mark::Stopped),
            ("completed", Some("skipped"), Mark::Stopped),
            ("running", None, Mark::Running),
            ("<odd>", None, Mark::Failed),
        ] {
            assert_eq!(Mark::of(&run(status, said)), mark, "{status} {said:?}");
        }
    }
}
