//! The pictures over time: how it went, what was done, what ran, what it cost, what decay took.

use std::collections::HashMap;

use maud::{Markup, html};

use super::charts::{
    COLUMN, Chart, HEIGHT, bar, ceiling, draw, left, middle, names, path, ratio, unit, whole_of, wide,
};
use crate::cli::figures::{counted, dollars, float, percent, whole};
use crate::jobs::report::Report;
use crate::jobs::stats::sum;
use crate::store::history::spans::{Charged, Grain, Outcomes};

/// The share of attempts that succeeded, by span.
pub fn success(report: &Report) -> Markup {
    let known: HashMap<&str, &Outcomes> = report.outcomes.iter().map(|it| (it.span.as_str(), it)).collect();
    let rates: Vec<_> = names(report)
        .into_iter()
        .map(|name| (known.get(name.as_str()).map(|it| it.judged()).filter(|(judged, _)| *judged > 0), name))
        .collect();
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (column, (rate, _)) in rates.iter().enumerate() {
        match (rate, lines.last_mut()) {
            (Some((judged, well)), Some(line)) => line.push((middle(column), HEIGHT * (1.0 - ratio(*well, *judged)))),
            _ => lines.push(Vec::new()),
        }
    }
    let lowest = rates.iter().filter_map(|(rate, name)| rate.map(|(judged, well)| (judged, well, name)));
    let lowest = lowest.min_by(|a, b| ratio(a.1, a.0).total_cmp(&ratio(b.1, b.0)));
    let summary = lowest.map_or_else(
        || "No conversation was processed in this time.".to_owned(),
        |(judged, well, name)| {
            format!("Lowest on {name}: {} of {} attempts succeeded.", percent(well, judged), whole(judged))
        },
    );
    let drawing = html! {
        @for line in lines.iter().filter(|line| line.len() > 1) {
            path.area d=(format!("{} L{} {HEIGHT} L{} {HEIGHT} Z", path(line), line[line.len() - 1].0, line[0].0)) {}
            path.line d=(path(line)) {}
        }
        @for (x, y) in lines.iter().flatten() {
            // A line of no length with round caps: a dot that stays round when the SVG is stretched.
            path.spot d=(format!("M{x} {y} h0")) {}
        }
        @for (column, (rate, name)) in rates.iter().enumerate() {
            @if let Some((judged, well)) = rate {
                rect.hit x=(left(column)) y="0" width=(COLUMN) height=(HEIGHT)
                    data-span=(name) data-judged=(judged) data-well=(well) {
                    title { (name) ": " (percent(*well, *judged)) " of " (whole(*judged)) }
                }
            }
        }
        line.goal x1="0" x2=(wide(report)) y1="10" y2="10" {}
    };
    let rows = report.outcomes.iter().map(|it| {
        let (judged, well) = it.judged();
        let figures = [judged, well, it.partial, it.retrying, it.failed, it.skipped, it.released].map(whole);
        [it.span.clone(), percent(well, judged)].into_iter().chain(figures).collect()
    });
    draw(
        report,
        &Chart {
            id: "success",
            title: "Success rate",
            summary,
            legend: &[("rate", "succeeded"), ("goal", "below 90 %: degraded")],
            axis: ["100 %", "50 %", "0 %"].map(ToOwned::to_owned),
            drawing,
            header: &[
                unit(report),
                "rate",
                "attempts",
                "succeeded",
                "in part",
                "to retry",
                "failed",
                "unread",
                "released",
            ],
            rows: rows.collect(),
        },
    )
}

/// Runs of all jobs, completed and failed, by span.
pub fn runs(report: &Report) -> Markup {
    let mut known: HashMap<&str, (i64, i64, i64)> = HashMap::new();
    for it in &report.runs {
        let (total, completed, failed) = known.entry(&it.span).or_default();
        *total += it.total;
        *completed += it.completed;
        *failed += it.failed;
    }
    let columns: Vec<_> =
        names(report).into_iter().map(|name| (known.get(name.as_str()).copied().unwrap_or_default(), name)).collect();
    let most = columns.iter().map(|((total, ..), _)| *total).max().unwrap_or_default();
    let top = ceiling(float(most).max(2.0));
    let drawing = html! {
        @for (column, ((total, completed, failed), name)) in columns.iter().enumerate() {
            @if *total > 0 {
                g data-span=(name) data-total=(total) data-completed=(completed) data-failed=(failed) {
                    title { (name) ": " (whole(*total)) " runs, " (whole(*failed)) " failed" }
                    (bar("good", column, 0.0, float(*completed) / top))
                    (bar("bad", column, float(*completed) / top, float(*failed) / top))
                    (bar("idle", column, float(completed + failed) / top, float(total - completed - failed) / top))
                }
            }
        }
    };
    let sum: i64 = columns.iter().map(|((total, ..), _)| *total).sum();
    let failed: i64 = columns.iter().map(|((_, _, failed), _)| *failed).sum();
    let rows = report.runs.iter().map(|it| {
        let figures = [it.total, it.completed, it.failed, it.total - it.completed - it.failed].map(whole);
        [it.span.clone(), crate::cli::figures::name(&it.job)].into_iter().chain(figures).collect()
    });
    draw(
        report,
        &Chart {
            id: "runs",
            title: "Runs of all jobs",
            summary: format!("{} runs, {} of them failed.", whole(sum), whole(failed)),
            legend: &[("good", "completed"), ("bad", "failed"), ("idle", "running")],
            axis: [whole_of(top), whole_of(top / 2.0), "0".to_owned()],
            drawing,
            header: &[unit(report), "job", "runs", "completed", "failed", "running"],
            rows: rows.collect(),
        },
    )
}

/// What the runs cost, by span.
pub fn cost(report: &Report) -> Markup {
    let mut known: HashMap<&str, f64> = HashMap::new();
    for it in &report.runs {
        *known.entry(&it.span).or_default() += it.cost_usd;
    }
    let columns: Vec<_> =
        names(report).into_iter().map(|name| (known.get(name.as_str()).copied().unwrap_or_default(), name)).collect();
    let sum: f64 = columns.iter().map(|(cost, _)| cost).sum();
    let most = columns.iter().map(|(cost, _)| *cost).fold(0.0, f64::max);
    let top = if most > 0.0 { ceiling(most) } else { 1.0 };
    let drawing = html! {
        @for (column, (cost, name)) in columns.iter().enumerate() {
            @if *cost > 0.0 {
                g data-span=(name) data-cost=(format!("{cost:.4}")) {
                    title { (name) ": " (dollars(*cost)) }
                    (bar("accent", column, 0.0, cost / top))
                }
            }
        }
    };
    let by = if report.grain == Grain::Day { "Cost per day" } else { "Cost per hour" };
    draw(
        report,
        &Chart {
            id: "cost",
            title: by,
            summary: format!("{} in all.", dollars(sum)),
            legend: &[("accent", "US dollars")],
            axis: [dollars(top), dollars(top / 2.0), "$0".to_owned()],
            drawing,
            header: &[unit(report), "cost"],
            rows: columns
                .iter()
                .filter(|(cost, _)| *cost > 0.0)
                .map(|(cost, name)| vec![name.clone(), dollars(*cost)])
                .collect(),
        },
    )
}

/// Conversations, by span: processed, to be tried again, given up.
pub fn throughput(report: &Report) -> Markup {
    let known: HashMap<&str, &Outcomes> = report.outcomes.iter().map(|it| (it.span.as_str(), it)).collect();
    let columns: Vec<_> = names(report)
        .into_iter()
        .map(|name| (known.get(name.as_str()).map_or((0, 0, 0), |it| (it.processed, it.retrying, it.failed)), name))
        .collect();
    let most = columns.iter().map(|((processed, retrying, failed), _)| processed + retrying + failed).max();
    let top = ceiling(float(most.unwrap_or_default()).max(2.0));
    let drawing = html! {
        @for (column, ((processed, retrying, failed), name)) in columns.iter().enumerate() {
            @if processed + retrying + failed > 0 {
                g data-span=(name) data-processed=(processed) data-retrying=(retrying) data-given-up=(failed) {
                    title { (name) ": " (whole(*processed)) " processed, " (whole(*retrying)) " to be tried again, " (whole(*failed)) " given up" }
                    (bar("good", column, 0.0, float(*processed) / top))
                    (bar("warn", column, float(*processed) / top, float(*retrying) / top))
                    (bar("bad", column, float(processed + retrying) / top, float(*failed) / top))
                }
            }
        }
    };
    let Outcomes { processed, retrying, failed, .. } = sum(&report.outcomes);
    draw(
        report,
        &Chart {
            id: "throughput",
            title: "Throughput",
            summary: format!(
                "{} processed, {} to be tried again, {} given up.",
                whole(processed),
                whole(retrying),
                whole(failed)
            ),
            legend: &[("good", "processed"), ("warn", "to be tried again"), ("bad", "given up")],
            axis: [whole_of(top), whole_of(top / 2.0), "0".to_owned()],
            drawing,
            header: &[unit(report), "processed", "to retry", "given up"],
            rows: columns
                .iter()
                .filter(|((processed, retrying, failed), _)| processed + retrying + failed > 0)
                .map(|((processed, retrying, failed), name)| {
                    std::iter::once(name.clone()).chain([*processed, *retrying, *failed].map(whole)).collect()
                })
                .collect(),
        },
    )
}

/// What decay took, by span.
pub fn decay(report: &Report) -> Markup {
    let known: HashMap<&str, &Charged> = report.charged.iter().map(|it| (it.span.as_str(), it)).collect();
    let columns: Vec<_> = names(report).into_iter().map(|name| (known.get(name.as_str()).copied(), name)).collect();
    let most = report.charged.iter().map(|it| it.points).fold(0.0, f64::max);
    let top = if most > 0.0 { ceiling(most) } else { 1.0 };
    let drawing = html! {
        @for (column, (charged, name)) in columns.iter().enumerate() {
            @if let Some(it) = charged.filter(|it| it.points > 0.0) {
                g data-span=(name) data-points=(format!("{:.2}", it.points)) data-game-overs=(it.game_overs) {
                    title { (name) ": " (points(it.points)) " points, " (whole(it.game_overs)) " games ended" }
                    (bar(if it.game_overs > 0 { "bad" } else { "accent" }, column, 0.0, it.points / top))
                }
            }
        }
    };
    let total = |of: fn(&Charged) -> i64| -> i64 { report.charged.iter().map(of).sum() };
    let summary = if report.charged.is_empty() {
        "No run of decay in this time.".to_owned()
    } else {
        format!(
            "{} points: players lost some {} times, {} were warned, {} ended.",
            points(report.charged.iter().map(|it| it.points).sum()),
            whole(total(|it| it.decayed)),
            whole(total(|it| it.warned)),
            counted(total(|it| it.game_overs), "game")
        )
    };
    draw(
        report,
        &Chart {
            id: "decay",
            title: "Decay",
            summary,
            legend: &[("accent", "points"), ("bad", "a game ended")],
            axis: [whole_of(top), whole_of(top / 2.0), "0".to_owned()],
            drawing,
            header: &[unit(report), "points", "lost some", "warned", "game overs"],
            rows: report
                .charged
                .iter()
                .map(|it| {
                    let counts = [it.decayed, it.warned, it.game_overs].map(whole);
                    [it.span.clone(), points(it.points)].into_iter().chain(counts).collect()
                })
                .collect(),
        },
    )
}

/// Points, with decimals where they are few.
fn points(points: f64) -> String {
    if points == 0.0 || points >= 1_000.0 { whole_of(points.round()) } else { format!("{points:.2}") }
}
