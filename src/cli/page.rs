//! The page of `report`: one HTML file that needs no network and no script.
//!
//! Every text goes through maud, which escapes it, because another program can have chosen a job's or a stage's name. Each chart
//! has a table with its figures.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};

mod charts;
mod tables;

use super::figures::{dollars, percent, whole};
use crate::core::health::Health;
use crate::core::span::span;
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
                    (tiles(report))
                    div.wide.pair {
                        (charts::success(report))
                        (waiting(report))
                    }
                    div.pair {
                        (charts::runs(report))
                        (charts::cost(report))
                    }
                    div.pair {
                        (tables::latency(report))
                        (tables::failures(report))
                    }
                    (tables::latest(report))
                    (tables::slowest(report))
                }
                (foot(report))
            }
        }
    };
    page.into_string()
}

fn head(report: &Report) -> Markup {
    let verdict = &report.examined.verdict;
    html! {
        header {
            div.title {
                p.brand { "nikita-jobs" }
                h1 { "Pipeline report" }
                p.period {
                    (day(report.since)) " – " (day(report.examined.now)) ", by "
                    (if report.grain == Grain::Day { "day" } else { "hour" }) ", UTC"
                }
            }
            div.verdict data-health=(verdict.health.as_str()) {
                p.badge { span.dot aria-hidden="true" {} (verdict.health.as_str()) }
                @if verdict.reasons.is_empty() {
                    p { "Nothing to do." }
                } @else {
                    ul { @for reason in &verdict.reasons { li { (reason) } } }
                }
            }
        }
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
                (tile("tile-facts", "Facts backed by a quote", percent(facts - unsupported, facts),
                    format!("{} of {} are not in their transcript", whole(unsupported), whole(facts))))
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
    let row = |label: &str, value: String, bad: bool| {
        html! { div.row { dt { (label) } dd.bad[bad] { (value) } } }
    };
    let idle = observed.idle_seconds.map_or_else(|| "never".to_owned(), |idle| format!("{} ago", span(idle.max(0))));
    html! {
        section.card aria-labelledby="now" {
            h2 #now { "Right now" }
            dl.rows {
                (row("Pending conversations", whole(observed.pending.count), false))
                (row("Oldest has waited", observed.pending.oldest_seconds.map_or_else(|| "–".to_owned(), span),
                    observed.pending.oldest_seconds.is_some_and(|oldest| oldest > 3600)))
                (row("Stuck conversations", whole(observed.stuck.conversations), observed.stuck.conversations > 0))
                (row("Runs without an owner", whole(observed.stuck.executions), observed.stuck.executions > 0))
                (row("Last run of the pipeline", idle, false))
                (row(&format!("Last {} conversations", verdict.judged), verdict.success_rate.map_or_else(|| "–".to_owned(),
                    |rate| format!("{:.1} % succeeded", rate * 100.0)), verdict.health != Health::Healthy && verdict.success_rate.is_some_and(|rate| rate < 0.9)))
            }
        }
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

fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y").to_string()
}
