//! What all charts over time share. The SVG holds shapes alone, stretched to whatever width there is; labels are HTML, so that
//! they are readable at every width.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::cli::figures::{float, whole};
use crate::jobs::report::Report;
use crate::store::history::spans::Grain;

/// The height of a drawing; a column is [`COLUMN`] wide, including its gap.
pub const HEIGHT: f64 = 100.0;
pub const COLUMN: f64 = 10.0;

/// A time chart: its texts and its drawing.
pub struct Chart<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// The chart in words, for readers who can't see it.
    pub summary: String,
    /// Colour class and name.
    pub legend: &'a [(&'a str, &'a str)],
    /// From the top to the bottom.
    pub axis: [String; 3],
    pub drawing: Markup,
    /// The table behind it.
    pub header: &'a [&'a str],
    pub rows: Vec<Vec<String>>,
}

/// The figure: words, picture, and the table behind it.
pub fn draw(report: &Report, chart: &Chart<'_>) -> Markup {
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
pub fn bar(class: &str, column: usize, from: f64, by: f64) -> Markup {
    html! {
        @if by > 0.0 {
            // High enough to be visible.
            @let height = (by * HEIGHT).max(1.0);
            rect class=(class) x=(left(column) + 1.0) width=(COLUMN - 2.0)
                y=(format!("{:.2}", (HEIGHT * (1.0 - from) - height).max(0.0))) height=(format!("{height:.2}")) {}
        }
    }
}

pub fn path(points: &[(f64, f64)]) -> String {
    let steps = points.iter().enumerate().map(|(i, (x, y))| format!("{}{x} {y:.2}", if i == 0 { "M" } else { "L" }));
    steps.collect::<Vec<_>>().join(" ")
}

pub fn names(report: &Report) -> Vec<String> {
    report.spans.iter().map(|at| report.grain.name(*at)).collect()
}

fn label(report: &Report, at: DateTime<Utc>) -> String {
    at.format(if report.grain == Grain::Day { "%-d %b" } else { "%-d %b %H:00" }).to_string()
}

pub const fn unit(report: &Report) -> &'static str {
    if matches!(report.grain, Grain::Day) { "day" } else { "hour" }
}

pub fn wide(report: &Report) -> f64 {
    left(report.spans.len().max(1))
}

pub fn left(column: usize) -> f64 {
    f64::from(u32::try_from(column).unwrap_or_default()) * COLUMN
}

pub fn middle(column: usize) -> f64 {
    left(column) + COLUMN / 2.0
}

pub fn ratio(part: i64, of: i64) -> f64 {
    float(part) / float(of.max(1))
}

pub fn whole_of(number: f64) -> String {
    let is_whole = number.fract() == 0.0;
    format!("{number:.0}").parse().ok().filter(|_| is_whole).map_or_else(|| format!("{number:.1}"), whole)
}

/// The top of an axis: the next 1, 2 or 5 times a power of ten.
pub fn ceiling(most: f64) -> f64 {
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
