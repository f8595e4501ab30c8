//! The page of `report`: one HTML file that needs no network and no script.
//!
//! Every text goes through maud, which escapes it, because another program can have chosen a job's or a stage's name. Each chart
//! has a table with its figures.

use maud::{DOCTYPE, Markup, PreEscaped, html};

mod charts;
mod failed;
mod jobs;
mod series;
mod tables;

use super::figures::{day, dollars, percent, whole};
use crate::core::health::{DEGRADED_BELOW, Health, LONGEST_WAIT};
use crate::core::span::span;
use crate::domain::job::Job;
use crate::jobs::report::Report;
use crate::jobs::stats::sum;
use crate::store::history::figures::MemorySums;
use crate::store::history::spans::{Grain, Outcomes};

const STYLE: &str = include_str!("page/style.css");

/// Blocks every request from the page, whatever text it contains.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The whole page.
pub fn render(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                // Without it a browser asks for /favicon.ico.
                link rel="icon" href="data:,";
                title { "nikita-jobs: " (report.examined.verdict.health.as_str()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (head(report))
                main #main {
                    (failed::section(report))
                    (tiles(report))
                    (jobs::section(report))
                    div.wide.pair {
                        (series::throughput(report))
                        (waiting(report))
                    }
                    div.pair {
                        (series::success(report))
                        (series::runs(report))
                    }
                    div.pair {
                        (series::cost(report))
                        (series::decay(report))
                    }
                    div.pair {
                        (tables::latency(report))
                        (tables::failures(report))
                    }
                    (tables::hosts(report))
                    (tables::slowest(report))
                }
                (foot(report))
            }
        }
    };
    page.into_string()
}

/// The verdict and its reasons; beside them how old it is, and when to look again.
fn head(report: &Report) -> Markup {
    let (verdict, now) = (&report.examined.verdict, report.examined.now);
    html! {
        header {
            p.brand { "nikita-jobs " span { "report" } }
            div.verdict data-health=(verdict.health.as_str()) {
                h1 { (sign(verdict.health)) (verdict.health.as_str()) }
                @if verdict.reasons.is_empty() {
                    p.reasons { "Nothing to do." }
                } @else {
                    ul.reasons { @for reason in &verdict.reasons { li { (reason) } } }
                }
            }
            dl.facts {
                div { dt { "Made" } dd { (now.format("%-d %B %Y, %H:%M UTC")) } }
                div { dt { "Next run" } dd { (next(report)) } }
                div { dt { "Covers" } dd {
                    (day(report.since)) " – " (day(now)) ", by " (if report.grain == Grain::Day { "day" } else { "hour" })
                } }
            }
        }
    }
}

/// A shape for each verdict: not by colour alone.
fn sign(health: Health) -> Markup {
    let (ground, mark) = match health {
        Health::Healthy => ("M12 1a11 11 0 1 0 0 22a11 11 0 1 0 0-22z", "M6.5 12.5l4 4l7-8"),
        Health::Degraded => ("M12 1.5L23.5 22H.5z", "M12 9v6M12 18.2v.3"),
        Health::Unhealthy => ("M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z", "M8 8l8 8M16 8l-8 8"),
    };
    html! { svg.sign viewBox="0 0 24 24" aria-hidden="true" { path.ground d=(ground) {} path.mark d=(mark) {} } }
}

/// When the pipeline, or else whichever job comes first, is expected to run again.
fn next(report: &Report) -> Markup {
    let now = report.examined.now;
    let of = |job: Job| jobs::next(report, job.as_str()).map(|it| (it, job));
    let first = of(Job::ProcessConversations).or_else(|| Job::ALL.into_iter().filter_map(of).min_by_key(|it| it.0.at));
    html! {
        @if let Some((expected, job)) = first {
            span.late[expected.is_missed(now)] { (jobs::when(&expected, now)) } br; span.meta { (job) }
        } @else { "not known: too few runs" }
    }
}

fn tiles(report: &Report) -> Markup {
    let Outcomes { processed, failed, retrying, .. } = sum(&report.outcomes);
    let (judged, well) = sum(&report.outcomes).judged();
    let runs: i64 = report.runs.iter().map(|it| it.total).sum();
    let failed_runs: i64 = report.runs.iter().map(|it| it.failed).sum();
    let cost: f64 = report.runs.iter().map(|it| it.cost_usd).sum();
    let MemorySums { facts, unsupported, .. } = report.memory;
    let tile = |id: &str, label: &str, value: String, note: String| {
        html! { div.tile { dt { (label) } dd #(id) { (value) } dd.note { (note) } } }
    };
    html! {
        section aria-label="In short" {
            dl.tiles {
                (tile("tile-rate", "Success rate", percent(well, judged), format!("{} of {} attempts", whole(well), whole(judged))))
                (tile("tile-processed", "Processed", whole(processed), format!("{} failed, {} retried", whole(failed), whole(retrying))))
                (tile("tile-runs", "Runs", whole(runs), format!("{} failed", whole(failed_runs))))
                (tile("tile-pending", "Pending now", whole(report.examined.observed.pending.count), oldest(report)))
                (tile("tile-facts", "Facts backed", percent(facts - unsupported, facts),
                    format!("{} of {} not in a transcript", whole(unsupported), whole(facts))))
                (tile("tile-cost", "Cost", dollars(cost), "of all runs".to_owned()))
            }
        }
    }
}

fn oldest(report: &Report) -> String {
    let oldest = report.examined.observed.pending.oldest_seconds;
    oldest.map_or_else(|| "nothing waits".to_owned(), |oldest| format!("oldest {}", span(oldest)))
}

fn waiting(report: &Report) -> Markup {
    let observed = &report.examined.observed;
    let verdict = &report.examined.verdict;
    let lately = report.processed_lately;
    let row = |label: &str, value: String, bad: bool| {
        html! { div.row { dt { (label) } dd.bad[bad] { (value) } } }
    };
    let idle = observed.idle_seconds.map_or_else(|| "never".to_owned(), |idle| format!("{} ago", span(idle.max(0))));
    let waited = observed.pending.oldest_seconds;
    html! {
        section.card aria-labelledby="now" {
            h2 #now { "Backlog" }
            dl.rows {
                (row("Pending conversations", whole(observed.pending.count), false))
                (row("Oldest has waited", waited.map_or_else(|| "–".to_owned(), span), waited.is_some_and(|oldest| oldest > LONGEST_WAIT)))
                (row("Processed in 24 h", whole(lately), false))
                (row("Cleared at this pace in", cleared(observed.pending.count, lately), false))
                (row("Stuck conversations", whole(observed.stuck.conversations), observed.stuck.conversations > 0))
                (row("Runs without an owner", whole(observed.stuck.executions), observed.stuck.executions > 0))
                (row("Pipeline completed", idle, false))
                (row(&format!("Last {} conversations", verdict.judged), verdict.success_rate.map_or_else(|| "–".to_owned(),
                    |rate| format!("{:.1} % succeeded", rate * 100.0)), verdict.health != Health::Healthy && verdict.success_rate.is_some_and(|rate| rate * 100.0 < f64::from(DEGRADED_BELOW))))
            }
        }
    }
}

/// How long what waits takes, where as many are processed as in the latest 24 hours and none is added.
fn cleared(pending: i64, in_a_day: i64) -> String {
    match (pending, in_a_day) {
        (0, _) => "nothing waits".to_owned(),
        (_, ..=0) => "not known".to_owned(),
        (pending, in_a_day) => span(pending.saturating_mul(86_400) / in_a_day),
    }
}

fn foot(report: &Report) -> Markup {
    let read = sum(&report.outcomes).runs;
    html! {
        footer {
            p {
                "Made " (report.examined.now.format("%-d %B %Y, %H:%M:%S UTC")) " by nikita-jobs " (env!("CARGO_PKG_VERSION")) ". "
                @if read > report.sample {
                    "Stage figures and slowest conversations cover the newest " (whole(report.sample)) " of "
                    (whole(read)) " runs with conversations. "
                }
                "A success rate is the share of attempts that were processed, wholly or in part, among all that were processed, will be retried, or failed."
            }
        }
    }
}
