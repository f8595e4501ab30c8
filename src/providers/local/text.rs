//! From a transcript to messages, sentences and words, with bounds on how much of it is looked at.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

use super::words;
use crate::domain::conversation::{Message, Role};

/// The most of one message that is read, in characters. People do not tell a life in one message; pasted files are long.
const MOST_OF_A_MESSAGE: usize = 4_000;
/// The most of a transcript that is read, in characters, the newest messages first.
const MOST_OF_A_TRANSCRIPT: usize = 64_000;

/// Reads the lines `user: …` and `nikita: …`; a line that starts with two spaces goes on with the message above it, so
/// that text inside a message can't pose as another speaker. Blank messages are left out, and so is what is over the
/// bounds.
pub fn messages(transcript: &str) -> Vec<Message> {
    let mut messages: Vec<(Message, usize)> = Vec::new();
    for line in transcript.lines() {
        let start = [(Role::User, "user:"), (Role::Nikita, "nikita:")]
            .into_iter()
            .find_map(|(role, label)| line.strip_prefix(label).map(|rest| (role, rest)));
        match (start, messages.last_mut()) {
            (Some((role, rest)), _) => {
                let mut left = MOST_OF_A_MESSAGE;
                let content = clean(rest, &mut left);
                messages.push((Message { role, content }, left));
            }
            (None, Some((message, left))) if *left > 0 => {
                message.content.push('\n');
                let more = clean(line, left);
                message.content.push_str(&more);
            }
            (None, _) => {}
        }
    }
    let mut room = MOST_OF_A_TRANSCRIPT;
    let mut kept: Vec<Message> = messages
        .into_iter()
        .rev()
        .filter(|(message, _)| !message.content.trim().is_empty())
        .map_while(|(message, left)| {
            room = room.checked_sub(MOST_OF_A_MESSAGE - left)?;
            Some(message)
        })
        .collect();
    kept.reverse();
    kept
}

/// Plain characters only: controls become spaces, typographic apostrophes the plain one, and marks that only reorder or
/// hide text are dropped. Takes what it reads from `left`.
fn clean(text: &str, left: &mut usize) -> String {
    let mut out = String::with_capacity(text.len().min(MOST_OF_A_MESSAGE));
    for c in text.chars().take(*left) {
        *left -= 1;
        match c {
            '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{FF07}' => out.push('\''),
            '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E007F}' => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The sentences of a message, trimmed; a line's end ends a sentence too.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(sentences_of_a_line).map(str::trim).filter(|it| !it.is_empty())
}

/// The sentences of a line; a full stop after a title ("St. John's") ends none.
fn sentences_of_a_line(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    for (at, piece) in line.split_sentence_bound_indices() {
        let last = piece.split_whitespace().next_back().unwrap_or_default().trim_start_matches(['(', '"']);
        if !words::TITLES.contains(&last) {
            let to = at + piece.len();
            sentences.push(&line[from..to]);
            from = to;
        }
    }
    sentences.push(&line[from..]);
    sentences
}

/// The sentence without what it only opens with: "Well, I moved" and "Oh no, Nikita, I moved" are "I moved".
pub fn without_opener(sentence: &str) -> &str {
    let mut rest = sentence;
    loop {
        let Some((word, after)) = rest.split_once(char::is_whitespace) else { return rest };
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let after = after.trim_start();
        let next = after.split_whitespace().next().unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric());
        let low = core.to_lowercase();
        let opens = core.is_empty()
            || words::INTERJECTIONS.contains(&low.as_str())
                && (word.ends_with([',', '.', '!', ':', '…', '-', '—'])
                    || words::SUBJECTS.contains(&next.to_lowercase().as_str())
                    || words::LEAD_INS.contains(&next.to_lowercase().as_str())
                    || words::INTERJECTIONS.contains(&next.to_lowercase().as_str()));
        if !opens || after.is_empty() {
            return rest;
        }
        rest = after;
    }
}

/// Shouting in lower case; other text as it is.
pub fn unshout(sentence: &str) -> Cow<'_, str> {
    let shouted =
        sentence.chars().filter(|c| c.is_uppercase()).count() > 4 && !sentence.chars().any(char::is_lowercase);
    if shouted { Cow::Owned(sentence.to_lowercase()) } else { Cow::Borrowed(sentence) }
}

/// One word between blanks, with the punctuation around it.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// Punctuation before the word; the whole token where there is no letter or digit in it.
    pub before: &'a str,
    /// From the first letter or digit to the last.
    pub core: &'a str,
    /// Punctuation after it.
    pub after: &'a str,
    /// `core` in lower case.
    pub low: String,
}

/// The words of a sentence as they are written.
pub fn tokens(sentence: &str) -> Vec<Token<'_>> {
    sentence
        .split_whitespace()
        .map(|word| {
            let from = word.find(char::is_alphanumeric).unwrap_or(word.len());
            let tail = &word[from..];
            let to = tail.char_indices().rfind(|(_, c)| c.is_alphanumeric()).map_or(0, |(at, c)| at + c.len_utf8());
            let core = &tail[..to];
            Token { before: &word[..from], core, after: &tail[to..], low: core.to_lowercase() }
        })
        .collect()
}

/// The words of a sentence for matching: lower case, without punctuation, contractions taken apart (`don't` is `do not`).
pub fn plain_words(sentence: &str) -> Vec<String> {
    let mut plain = Vec::new();
    for token in tokens(sentence) {
        if token.core.is_empty() {
            continue;
        }
        let word = token.low.as_str();
        if let Some((_, apart)) = words::CONTRACTIONS.iter().find(|(contraction, _)| *contraction == word) {
            plain.extend(apart.split(' ').map(str::to_owned));
            continue;
        }
        let apart = [("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would")]
            .into_iter()
            .find_map(|(ending, means)| word.strip_suffix(ending).map(|stem| (stem, means)));
        match apart {
            Some((stem, means)) => plain.extend([stem.to_owned(), means.to_owned()]),
            None => plain.push(token.low),
        }
    }
    plain
}

/// At most `most` characters, cut at a blank where there is one, with an ellipsis where something was cut.
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = cut.rfind(' ').filter(|at| *at * 2 > cut.len()).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

/// Text as a quotation; quotes within it become single ones.
pub fn quote(text: &str, most: usize) -> String {
    let text = clip(text.trim(), most);
    format!("“{}”", text.replace(['"', '“', '”', '„'], "'"))
}

/// Upper case for the first letter, and one full stop at the end instead of exclamation marks and faces.
pub fn as_sentence(text: &str) -> String {
    let text =
        text.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | '"' | '“' | '$' | '€' | '£'));
    let text =
        text.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '"' | '”' | '%' | '°' | '€' | '+'));
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let unbalanced = text.matches('"').count() % 2 == 1;
    let rest = if unbalanced { chars.as_str().replace('"', "") } else { chars.as_str().to_owned() };
    let end = if rest.ends_with(['”', '"']) && rest.trim_end_matches(['”', '"']).ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    let first = if unbalanced && first == '"' { String::new() } else { first.to_uppercase().collect() };
    format!("{first}{rest}{end}")
}
