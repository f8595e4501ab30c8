//! Tables: the charts' figures, the stages with a bar in each row, the latest runs, the slowest conversations.

use maud::{Markup, html};

use crate::cli::figures::{float, millis, name, percent, whole};
use crate::core::span::span;
use crate::domain::result::Stored;
use crate::jobs::report::Report;
use crate::jobs::status::by_job;

/// A chart's figures, collapsed; the keyboard can reach and scroll them.
pub fn behind(label: &str, header: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        details {
            summary { "Figures" }
            (scrolled(label, &html! {
                thead { tr { @for cell in header { th scope="col" { (cell) } } } }
                tbody {
                    @for row in rows {
                        tr { @for (at, cell) in row.iter().enumerate() {
                            @if at == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                        } }
                    }
                }
            }))
        }
    }
}

/// A table with its own scroll bar, for narrow screens.
fn scrolled(label: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { table { (table) } } }
}

/// The p50 and p95 of each stage.
pub fn latency(report: &Report) -> Markup {
    let mut stages: Vec<_> = report.stages.iter().collect();
    stages.sort_by(|a, b| b.p95_ms.total_cmp(&a.p95_ms));
    let longest = stages.first().map_or(1.0, |it| it.p95_ms).max(f64::MIN_POSITIVE);
    html! {
        section.card aria-labelledby="latency" {
            div.caption {
                h2 #latency { "Stage latency" }
                ul.legend aria-hidden="true" {
                    li { span.accent {} "p50" }
                    li { span.pale {} "p95" }
                }
            }
            @if stages.is_empty() { p.summary { "No stage ran in this time." } } @else {
                p.summary { "Half of the runs of a stage take at most p50, 95 % at most p95." }
                (scrolled("Stage latency", &html! {
                    thead { tr { th scope="col" { "stage" } th.bar { span.unseen { "picture" } } th scope="col" { "p50" } th scope="col" { "p95" } th.most scope="col" { "max" } } }
                    tbody { @for it in stages {
                        tr data-stage=(it.stage) data-count=(it.count) data-p50=(format!("{:.2}", it.p50_ms)) data-p95=(format!("{:.2}", it.p95_ms)) {
                            th scope="row" { (name(&it.stage)) }
                            td.bar { (bars(&[("pale", it.p95_ms / longest), ("accent", it.p50_ms / longest)])) }
                            td { (millis(it.p50_ms)) }
                            td { (millis(it.p95_ms)) }
                            td.most { (millis(it.max_ms)) }
                        }
                    } }
                }))
            }
        }
    }
}

/// The stages that failed, the most frequent first.
pub fn failures(report: &Report) -> Markup {
    let mut stages: Vec<_> = report.stages.iter().filter(|it| it.failures > 0).collect();
    stages.sort_by_key(|it| std::cmp::Reverse(it.failures));
    let most = stages.first().map_or(1, |it| it.failures);
    html! {
        section.card aria-labelledby="failures" {
            div.caption { h2 #failures { "Failures by stage" } }
            @if report.stages.is_empty() { p.summary { "No stage ran in this time." } }
            @else if stages.is_empty() { p.summary { "No stage failed in this time." } }
            @else {
                p.summary { "How often a stage failed, its own retries included, and how often it ran." }
                (scrolled("Failures by stage", &html! {
                    thead { tr { th scope="col" { "stage" } th.bar { span.unseen { "picture" } } th scope="col" { "failed" } th scope="col" { "runs" } th scope="col" { "rate" } } }
                    tbody { @for it in stages {
                        @let part = float(it.failures) / float(most);
                        tr data-stage=(it.stage) data-failures=(it.failures) {
                            th scope="row" { (name(&it.stage)) }
                            td.bar { (bars(&[("bad", part)])) }
                            td { (whole(it.failures)) }
                            td { (whole(it.count)) }
                            td { (percent(it.failures, it.count)) }
                        }
                    } }
                }))
            }
        }
    }
}

/// Overlaid bars, each with its share of the width.
fn bars(parts: &[(&str, f64)]) -> Markup {
    html! {
        svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            @for (class, part) in parts {
                rect class=(class) x="0" y="0" height="10" width=(format!("{:.2}", (part * 100.0).clamp(0.5, 100.0))) {}
            }
        }
    }
}

/// The latest run of each job.
pub fn latest(report: &Report) -> Markup {
    let now = report.examined.now;
    html! {
        section.card aria-labelledby="latest" {
            div.caption { h2 #latest { "Latest run of each job" } }
            (scrolled("Latest run of each job", &html! {
                thead { tr { th scope="col" { "job" } th.word scope="col" { "status" } th scope="col" { "began" } th scope="col" { "took" } th.word scope="col" { "error" } th.word scope="col" { "execution" } } }
                tbody { @for (job, execution) in by_job(&report.latest) {
                    tr data-job=(job) {
                        th scope="row" { (name(job)) }
                        @match execution {
                            Some(it) => {
                                td.word { span.status data-status=(it.status) { (name(&it.status)) } }
                                td { (span((now - it.started_at).num_seconds().max(0))) " ago" }
                                td { @if let Some(ms) = it.duration_ms { (millis(float(ms))) } @else { "–" } }
                                td.word { @if let Some(why) = Stored::read(&it.result).error { (name(&why.message)) } }
                                td.word { code { (name(&it.id)) } }
                            }
                            None => { td.word colspan="5" { "never ran" } }
                        }
                    }
                } }
            }))
        }
    }
}

/// The slowest conversations, by their ids.
pub fn slowest(report: &Report) -> Markup {
    html! {
        section.card aria-labelledby="slowest" {
            div.caption { h2 #slowest { "Slowest conversations" } }
            @if report.slowest.is_empty() { p.summary { "No conversation was processed in this time." } } @else {
                (scrolled("Slowest conversations", &html! {
                    thead { tr { th.word scope="col" { "conversation" } th scope="col" { "took" } th.word scope="col" { "outcome" } th.word scope="col" { "execution" } } }
                    tbody { @for it in &report.slowest {
                        tr data-conversation=(it.conversation) {
                            th.word scope="row" { code { (name(&it.conversation)) } }
                            td { (millis(it.total_ms)) }
                            td.word { (name(&it.status).replace('_', " ")) }
                            td.word { code { (name(&it.execution)) } }
                        }
                    } }
                }))
            }
        }
    }
}
