//! Numbers formatted for people, on the terminal and on the page.

use chrono::{DateTime, Utc};

use crate::core::span::span;
use crate::core::text::{first_chars, one_line};

/// `1,234,567`
pub fn whole(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

/// `1 conversation`, `2,000 conversations`
pub fn counted(number: i64, what: &str) -> String {
    format!("{} {what}{}", whole(number), if number == 1 { "" } else { "s" })
}

/// The same for a length.
pub fn counted_all(number: usize, what: &str) -> String {
    counted(i64::try_from(number).unwrap_or(i64::MAX), what)
}

/// `18 Nov 2026`
pub fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y").to_string()
}

/// Milliseconds with about three digits: `0.42 ms`, `812 ms`, `4.2 s`, `3.1 min`.
pub fn millis(ms: f64) -> String {
    match ms {
        0.0 => "0 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 59_950.0 => format!("{:.1} s", ms / 1e3),
        ms if ms < 5_999_500.0 => format!("{:.1} min", ms / 60e3),
        ms => format!("{:.1} h", ms / 3600e3),
    }
}

/// US dollars with cents; below ten dollars, with up to four decimals.
pub fn dollars(value: f64) -> String {
    if value == 0.0 {
        return "$0".to_owned();
    }
    let decimals = format!("{value:.4}");
    let tail = if value < 10.0 { decimals.strip_suffix("00").map_or(4, |_| 2) } else { 2 };
    format!("${value:.tail$}")
}

/// A part of a whole: `98.2 %`. Only a whole is shown as 100 %, and only nothing as 0 %.
pub fn percent(part: i64, of: i64) -> String {
    if of <= 0 {
        return "–".to_owned();
    }
    let tenths = if part == of { 1000 } else { (part * 1000 / of).clamp(i64::from(part > 0), 999) };
    if tenths % 10 == 0 { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// Foreign text, such as a job's name: short, on one line, without control characters.
pub fn name(text: &str) -> String {
    short(text, 60)
}

/// The same with at most `most` characters. A longer text is cut at a blank if its second half has one, and ends in `…`.
pub fn short(text: &str, most: usize) -> String {
    let line = one_line(text);
    let kept = first_chars(&line, most);
    if kept.len() == line.len() {
        return line;
    }
    let at_a_blank = line[kept.len()..].starts_with(' ');
    let whole_words = kept.rfind(' ').filter(|blank| !at_a_blank && *blank > kept.len() / 2);
    format!("{}…", whole_words.map_or(kept, |blank| &kept[..blank]))
}

/// `2026-11-22 05:00 UTC (3 h ago)`
pub fn instant(at: DateTime<Utc>, now: Option<DateTime<Utc>>) -> String {
    let absolute = at.format("%Y-%m-%d %H:%M UTC");
    match now.map(|now| (at - now).num_seconds()) {
        None => absolute.to_string(),
        Some(0) => format!("{absolute} (now)"),
        Some(ahead @ 1..) => format!("{absolute} (in {})", span(ahead)),
        Some(ago) => format!("{absolute} ({} ago)", span(-ago)),
    }
}

/// A count, for a chart.
#[expect(clippy::cast_precision_loss, reason = "a chart needs no more digits than a float has")]
pub const fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, -1_234_567].map(whole), ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn one_is_no_plural() {
        let said = [0, 1, 2, 1000].map(|number| counted(number, "run"));
        assert_eq!(said, ["0 runs", "1 run", "2 runs", "1,000 runs"]);
    }

    #[test]
    fn times_have_a_unit_that_fits() {
        let said = [0.0, 0.424, 9.0, 812.4, 999.7, 4_210.0, 59_960.0, 7_200_000.0].map(millis);
        assert_eq!(said, ["0 ms", "0.42 ms", "9.00 ms", "812 ms", "1.0 s", "4.2 s", "1.0 min", "2.0 h"]);
    }

    #[test]
    fn parts_do_not_pretend() {
        let said =
            [(0, 0), (0, 3), (1, 100_000), (1, 2), (99_999, 100_000), (7, 7)].map(|(part, of)| percent(part, of));
        assert_eq!(said, ["–", "0 %", "0.1 %", "50 %", "99.9 %", "100 %"]);
    }

    #[test]
    fn money_and_names() {
        assert_eq!([0.0, 0.0142, 0.25, 12.5].map(dollars), ["$0", "$0.0142", "$0.25", "$12.50"]);
        assert_eq!(name("a\u{1b}[31m\nb"), "a[31m b");
        assert_eq!(name(&"x".repeat(99)).chars().count(), 61);
        assert_eq!(short("the maximum context", 12), "the maximum…");
        assert_eq!(short("the maximum context", 11), "the maximum…");
        assert_eq!(short("the maximum context", 10), "the maximu…");
        assert_eq!(short("the maximum context", 19), "the maximum context");
    }
}
