//! The terminal's width, and wrapping that breaks lines between words, never within one.

use std::io::{IsTerminal, stderr, stdout};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::{env, fs};

use terminal_size::terminal_size_of;

/// A reported width below this is wrong, or too narrow to read anyway.
const NARROWEST: usize = 40;
/// For a terminal that does not report its width.
const USUAL: usize = 80;

/// The columns of stdout; none if it is not a terminal: for programs and files, lines are not wrapped.
pub fn width_of_stdout() -> Option<usize> {
    width_of(&stdout())
}

/// The same for stderr.
pub fn width_of_stderr() -> Option<usize> {
    width_of(&stderr())
}

fn width_of(stream: &(impl AsFd + IsTerminal)) -> Option<usize> {
    let told = terminal_size_of(stream).map(|(width, _)| usize::from(width.0));
    stream.is_terminal().then(|| told.filter(|width| *width >= NARROWEST).unwrap_or(USUAL))
}

/// Whether the terminal shows only plain lines, without colours and cursor movement.
pub fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|it| it == "dumb")
}

/// Whether stderr is the journal: systemd passes the device and inode of its stream.
pub fn is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else { return false };
    fs::metadata("/proc/self/fd/2").is_ok_and(|meta| stream == format!("{}:{}", meta.dev(), meta.ino()))
}

/// Wraps a text to lines of at most `width` columns; only a longer word exceeds that. Continuation lines are indented by two more columns.
pub fn fit(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| if columns(line) <= width { line.to_owned() } else { broken(line, width) });
    lines.collect::<Vec<_>>().join("\n")
}

fn broken(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let further = (indent + 2).min(width / 2);
    let (mut lines, mut last, mut begun) = (vec![" ".repeat(indent)], indent, false);
    for word in line.trim_start_matches(' ').split(' ') {
        let long = columns(word);
        if begun && last + 1 + long > width {
            lines.push(" ".repeat(further));
            (last, begun) = (further, false);
        }
        // No line begins with the blanks between two columns of a table.
        let blank = if begun { " " } else { "" };
        if let Some(line) = lines.last_mut().filter(|_| begun || long > 0) {
            line.push_str(blank);
            line.push_str(word);
            last += blank.len() + long;
            begun = true;
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end_matches(' ')).collect();
    lines.join("\n")
}

/// Wraps a text to lines of at most `width` characters; only a longer word exceeds that.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut().filter(|_| last == 0 || last + 1 + word.chars().count() <= width) {
            Some(line) => {
                if last > 0 {
                    line.push(' ');
                }
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The columns that a text takes, without its colour codes.
fn columns(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().map_or(0, |part| part.chars().count());
    first + parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest).chars().count()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{columns, fit};

    #[test]
    fn lines_break_between_words_and_go_on_further_in() {
        assert_eq!(fit("one two three\nfour", 9), "one two\n  three\nfour");
        assert_eq!(fit("  one two three", 9), "  one two\n    three");
        assert_eq!(fit("onetwothreefour five", 9), "onetwothreefour\n  five");
        assert_eq!(fit("\u{1b}[31mone two\u{1b}[0m three", 9), "\u{1b}[31mone two\u{1b}[0m\n  three");
    }

    proptest! {
        #[test]
        fn every_word_is_there_and_every_line_fits(text in "[a-z]{1,9}( [a-z]{1,9}){0,40}", width in 20_usize..90) {
            let fitted = fit(&text, width);
            prop_assert!(fitted.lines().all(|line| columns(line) <= width), "{}", fitted);
            prop_assert_eq!(fitted.split_whitespace().collect::<Vec<_>>(), text.split(' ').collect::<Vec<_>>());
        }
    }
}
