//! Splits a text into the pieces that tokens do not cross.
//!
//! The rules are OpenAI's pattern for `cl100k_base`, by hand, because a pattern takes longer to compile than a prompt to split:
//!
//! ```text
//! (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3} |  ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
//! ```

use std::iter;

use super::class::{is_letter, is_number, is_sign};

/// The pieces of a text, in order. Together they are the text.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        let (piece, after) = (!rest.is_empty()).then(|| rest.split_at(first(rest)))?;
        rest = after;
        Some(piece)
    })
}

/// The length of the first piece of a text that is not empty.
fn first(text: &str) -> usize {
    let mut rules = [contraction, word, number, signs].iter();
    rules.find_map(|rule| rule(text)).unwrap_or_else(|| white_space(text))
}

/// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d` in any case.
fn contraction(text: &str) -> Option<usize> {
    let mut letters = text.strip_prefix('\'')?.chars();
    let letter = letters.next()?;
    match letter.to_ascii_lowercase() {
        's' | 'ſ' | 't' | 'm' | 'd' => Some(1 + letter.len_utf8()),
        other => match (other, letters.next()?.to_ascii_lowercase()) {
            ('r' | 'v', 'e') | ('l', 'l') => Some(3),
            _ => None,
        },
    }
}

/// Letters, with one other character before them that is no end of a line and no digit.
fn word(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let before = match first {
        _ if is_letter(first) => 0,
        _ if is_number(first) || is_line_end(first) => return None,
        _ => first.len_utf8(),
    };
    let letters = span(&text[before..], is_letter);
    (letters > 0).then_some(before + letters)
}

/// One to three digits.
fn number(text: &str) -> Option<usize> {
    let digits = text.chars().take(3).take_while(|&char| is_number(char));
    Some(digits.map(char::len_utf8).sum()).filter(|&length| length > 0)
}

/// Signs, with one blank before them and all ends of lines behind.
fn signs(text: &str) -> Option<usize> {
    let before = usize::from(text.starts_with(' '));
    let signs = span(&text[before..], is_sign);
    let end = before + signs;
    (signs > 0).then(|| end + span(&text[end..], is_line_end))
}

/// White space: up to its last end of a line, else all of it but for one character that belongs to what follows.
fn white_space(text: &str) -> usize {
    let all = span(text, char::is_whitespace);
    let last = |found: fn(char) -> bool| text[..all].rfind(found);
    match last(is_line_end) {
        Some(end) => end + 1,
        None if all == text.len() => all,
        None => last(char::is_whitespace).filter(|&start| start > 0).unwrap_or(all),
    }
}

/// How many bytes of a text's beginning are such characters.
fn span(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is_such(char)).unwrap_or(text.len())
}

const fn is_line_end(char: char) -> bool {
    matches!(char, '\r' | '\n')
}
