//! What failed, by error, each with a command that one can copy: it stands first on the page.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::cli::figures::{counted, day, name, short, whole};
use crate::core::span::span;
use crate::core::text::one_line;
use crate::jobs::report::{ERRORS, Report};
use crate::store::failures::FailureGroup;
use crate::store::history::recent::FailedRuns;

/// An error longer than this is cut, and says so by `…`.
const MOST: usize = 700;
/// So much of an error is enough to find it again.
const SOUGHT: usize = 60;

/// The section.
pub fn section(report: &Report) -> Markup {
    let is_quiet = report.errors.is_empty() && report.failed_runs.is_empty();
    html! {
        section.card aria-labelledby="failed" {
            div.caption {
                h2 #failed { "What failed" }
            }
            @if is_quiet {
                p.summary { "No run failed since " (day(report.since)) ", and no conversation has failed or waits after a failure." }
            }
            @if !report.errors.is_empty() {
                h3 { "Conversations" }
                ol.faults { @for it in report.errors.iter().take(ERRORS) { (conversations(it, report.examined.now)) } }
                @if report.errors.len() > ERRORS { p.more { "There are more: " (command("nikita-jobs failures")) } }
            }
            @if !report.failed_runs.is_empty() {
                h3 { "Runs" }
                ol.faults { @for it in report.failed_runs.iter().take(ERRORS) { (runs(it, report.examined.now)) } }
                @if report.failed_runs.len() > ERRORS {
                    p.more { "There are more: " (command("nikita-jobs status --since 7d --state failed")) }
                }
            }
        }
    }
}

fn conversations(it: &FailureGroup, now: DateTime<Utc>) -> Markup {
    let waiting = it.many - it.failed;
    let what = match (it.failed, waiting) {
        (failed, 0) => format!("{} given up", whole(failed)),
        (0, waiting) => format!("{} to be tried again", whole(waiting)),
        (failed, waiting) => format!("{} given up, {} to be tried again", whole(failed), whole(waiting)),
    };
    let next = if it.failed > 0 { retry(it) } else { format!("nikita-jobs why {}", quoted(&it.example)) };
    html! {
        li.fault data-count=(it.many) {
            p.count { (whole(it.many)) }
            div {
                p.reason { (short(&it.error, MOST)) }
                p.meta { (what) (ago(it.latest, now)) ", for example " code { (name(&it.example)) } }
                (command(&next))
            }
        }
    }
}

fn runs(it: &FailedRuns, now: DateTime<Utc>) -> Markup {
    html! {
        li.fault data-count=(it.many) {
            p.count { (whole(it.many)) }
            div {
                p.reason { (it.error.as_deref().map_or_else(|| "No reason is known.".to_owned(), |error| short(error, MOST))) }
                p.meta { (counted(it.many, "run")) " of " (name(&it.job)) (ago(it.latest, now)) }
                (command(&format!("nikita-jobs status {}", quoted(&it.example))))
            }
        }
    }
}

/// One click marks all of it.
fn command(text: &str) -> Markup {
    html! { code.command translate="no" { (text) } }
}

fn ago(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    at.map_or_else(String::new, |at| format!(", the latest {} ago", span((now - at).num_seconds().max(0))))
}

/// Gives all of an error their attempts back; one by its id where the error holds nothing to look for.
fn retry(it: &FailureGroup) -> String {
    let sought = sought(&it.error);
    if sought.is_empty() || it.error == "no reason is known" {
        return format!("nikita-jobs retry {}", quoted(&it.example));
    }
    format!("nikita-jobs retry --failed --error={}", quoted(sought))
}

/// The beginning of an error as the database has it, up to where it can't be typed, or reads otherwise than it is.
fn sought(error: &str) -> &str {
    let line = one_line(error);
    let same = error.char_indices().zip(line.chars()).take(SOUGHT).take_while(|((_, theirs), ours)| theirs == ours);
    let end = same.last().map_or(0, |((at, last), _)| at + last.len_utf8());
    let begin = error.get(..end).unwrap_or_default();
    let is_cut = begin.chars().count() == SOUGHT && begin.len() < error.len();
    let word = begin.rfind(' ').filter(|blank| is_cut && *blank > SOUGHT / 2);
    word.and_then(|blank| begin.get(..blank)).unwrap_or(begin)
}

/// One word of a shell, whatever it holds.
fn quoted(text: &str) -> String {
    let line = one_line(text);
    if !line.is_empty()
        && !line.starts_with('-')
        && line.chars().all(|it| it.is_ascii_alphanumeric() || "-_./".contains(it))
    {
        return line;
    }
    format!("'{}'", line.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("extraction: status 401", "extraction: status 401")]
    #[case::of_two_lines("one\ntwo", "one")]
    #[case::that_turns_the_text_around("pay \u{202e}001", "pay ")]
    #[case::that_begins_with_what_can_not_be_typed("\u{1b}[31mred", "")]
    #[case::of_many_words(
        "extraction: the model at api.example.org refused the key (status 401)",
        "extraction: the model at api.example.org refused the key"
    )]
    #[case::long(&"é".repeat(99), &"é".repeat(60))]
    fn an_error_is_sought_by_its_beginning(#[case] error: &str, #[case] expected: &str) {
        assert_eq!(sought(error), expected);
    }

    #[rstest]
    #[case::an_id("01a22155-8fbb", "01a22155-8fbb")]
    #[case::a_flag("-rf", "'-rf'")]
    #[case::a_quote("it's $(x) `y`", r"'it'\''s $(x) `y`'")]
    #[case::nothing("", "''")]
    fn a_shell_takes_it_as_one_word(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(quoted(text), expected);
        let shell = std::process::Command::new("sh").args(["-c", &format!("printf %s {expected}")]).output();
        assert_eq!(String::from_utf8_lossy(&shell.expect("sh is there").stdout), text);
    }
}
