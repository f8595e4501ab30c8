//! Charts over time. The SVG contains only shapes and is stretched to the available width; labels are HTML, so that they stay
//! readable.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::cli::figures::{dollars, float, percent, whole};
use crate::jobs::report::Report;
use crate::store::history::spans::{Grain, Outcomes};

/// The height of a drawing; a column is [`COLUMN`] wide, including its gap.
const HEIGHT: f64 = 100.0;
const COLUMN: f64 = 10.0;

/// A time chart: its texts and its drawing.
struct Chart<'a> {
    id: &'a str,
    title: &'a str,
    /// The chart in words, for readers who can't see it.
    summary: String,
    /// Colour class and name.
    legend: &'a [(&'a str, &'a str)],
    /// From the top to the bottom.
    axis: [String; 3],
    drawing: Markup,
    /// The table behind it.
    header: &'a [&'a str],
    rows: Vec<Vec<String>>,
}

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

fn draw(report: &Report, chart: &Chart<'_>) -> Markup {
    let Chart { id, title, summary, legend, axis, drawing, header, rows } = chart;
    let wide = wide(report);
    let spans = &report.spans;
    let shown: Vec<_> =
        [0, spans.len() / 2, spans.len().saturating_sub(1)].map(|at| spans.get(at)).into_iter().collect();
    html! {
        figure.card aria-labelledby=(id) {
            div.caption {
                h2 #(id) { (title) }
                ul.legend aria-hidden="true" {
                    @for (class, name) in *legend { li { span class=(class) {} (name) } }
                }
            }
            p.summary { (summary) }
            div.plot {
                div.y aria-hidden="true" { @for label in axis { span { (label) } } }
                svg viewBox=(format!("0 0 {wide} {HEIGHT}")) preserveAspectRatio="none" role="img"
                    aria-label=(format!("{title}. {summary} The figures are in the table below.")) {
                    @for y in ["0", "50", "100"] { line.grid x1="0" x2=(wide) y1=(y) y2=(y) {} }
                    (drawing)
                }
                div.x aria-hidden="true" { @for at in shown.into_iter().flatten() { span { (label(report, *at)) } } }
            }
            (super::tables::behind(&format!("{title}: figures"), header, rows))
        }
    }
}

/// A piece of a column, from `from` upward by `by`; both are parts of the height.
fn bar(class: &str, column: usize, from: f64, by: f64) -> Markup {
    html! {
        @if by > 0.0 {
            // High enough to be visible.
            @let height = (by * HEIGHT).max(1.0);
            rect class=(class) x=(left(column) + 1.0) width=(COLUMN - 2.0)
                y=(format!("{:.2}", (HEIGHT * (1.0 - from) - height).max(0.0))) height=(format!("{height:.2}")) {}
        }
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let steps = points.iter().enumerate().map(|(i, (x, y))| format!("{}{x} {y:.2}", if i == 0 { "M" } else { "L" }));
    steps.collect::<Vec<_>>().join(" ")
}

fn names(report: &Report) -> Vec<String> {
    report.spans.iter().map(|at| report.grain.name(*at)).collect()
}

fn label(report: &Report, at: DateTime<Utc>) -> String {
    at.format(if report.grain == Grain::Day { "%-d %b" } else { "%-d %b %H:00" }).to_string()
}

const fn unit(report: &Report) -> &'static str {
    if matches!(report.grain, Grain::Day) { "day" } else { "hour" }
}

fn wide(report: &Report) -> f64 {
    left(report.spans.len().max(1))
}

fn left(column: usize) -> f64 {
    f64::from(u32::try_from(column).unwrap_or_default()) * COLUMN
}

fn middle(column: usize) -> f64 {
    left(column) + COLUMN / 2.0
}

fn ratio(part: i64, of: i64) -> f64 {
    float(part) / float(of.max(1))
}

fn whole_of(number: f64) -> String {
    format!("{number:.0}").parse().map_or_else(|_| number.to_string(), whole)
}

/// The top of an axis: the next 1, 2 or 5 times a power of ten.
fn ceiling(most: f64) -> f64 {
    let unit = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|it| it * unit).into_iter().find(|it| *it >= most * 0.999_999).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_in_round_numbers() {
        for (most, top) in [(2.0, 2.0), (3.0, 5.0), (1440.0, 2000.0), (0.0123, 0.02), (10.0, 10.0), (51.0, 100.0)] {
            assert!((ceiling(most) - top).abs() < 1e-9, "{most} -> {}", ceiling(most));
        }
    }

    #[test]
    fn a_line_is_a_path() {
        assert_eq!(path(&[(5.0, 0.0), (15.0, 12.345)]), "M5 0.00 L15 12.35");
    }
}
