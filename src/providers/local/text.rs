//! Splits a transcript into messages, sentences and words, with bounds on how much of it is read.

use unicode_segmentation::UnicodeSegmentation as _;

use super::words;
use crate::core::text::is_unseen;
use crate::domain::conversation::{Message, Role};

/// The most characters of one message that are read. A longer one is probably a pasted file.
const MOST_OF_A_MESSAGE: usize = 4_000;
/// The most characters of a transcript that are read, newest messages first.
const MOST_OF_A_TRANSCRIPT: usize = 64_000;

/// Reads lines `user: …` and `nikita: …`. Any other line continues the message before it; inner lines of a message are indented by
/// two spaces, so that they can't pose as another speaker. Blank messages and text over the bounds are left out.
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

/// Control characters become spaces, typographic apostrophes plain ones, and characters that reorder or hide text are dropped.
/// Subtracts the number of characters read from `left`.
fn clean(text: &str, left: &mut usize) -> String {
    let mut out = String::with_capacity(text.len().min(MOST_OF_A_MESSAGE));
    for c in text.chars().take(*left) {
        *left -= 1;
        match c {
            '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{FF07}' => out.push('\''),
            '\u{2061}'..='\u{2065}' | '\u{E0000}'..='\u{E007F}' => {}
            c if is_unseen(c) => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The sentences of a message, trimmed. The end of a line also ends a sentence.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(sentences_of_a_line).map(str::trim).filter(|it| !it.is_empty())
}

/// The sentences of a line. The full stop of an abbreviation ("St. John's") ends no sentence.
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

/// The words of a sentence for matching: lower case, without punctuation, contractions expanded (`don't` is `do not`).
pub fn plain_words(sentence: &str) -> Vec<String> {
    let mut plain = Vec::new();
    for word in sentence.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if let Some((_, apart)) = words::CONTRACTIONS.iter().find(|(contraction, _)| *contraction == word) {
            plain.extend(apart.split(' ').map(str::to_owned));
            continue;
        }
        let apart = [("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would")]
            .into_iter()
            .find_map(|(ending, means)| word.strip_suffix(ending).map(|stem| (stem, means)));
        match apart {
            Some((stem, means)) => plain.extend([stem.to_owned(), means.to_owned()]),
            None if word.is_empty() => {}
            None => plain.push(word),
        }
    }
    plain
}

/// Whether the words of `phrase` occur consecutively.
pub fn has_phrase(plain: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    plain.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(a, b)| a == b))
}

/// Whether it contains instructions to a program. Such a message is never quoted.
pub fn gives_orders(text: &str) -> bool {
    let plain = plain_words(text);
    plain.iter().any(|word| words::DIRECTIVES.contains(&word.as_str()))
        || words::DIRECTIVE_PHRASES.iter().any(|phrase| has_phrase(&plain, phrase))
}

/// Whether it contains a question mark of any script.
pub fn is_question(sentence: &str) -> bool {
    sentence.contains(['?', '？', '؟', '⁇', '‽'])
}

/// At most `most` characters, cut at a blank if possible, with an ellipsis if anything was cut.
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = cut.rfind(' ').filter(|at| *at * 2 > cut.len()).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

/// Text as a quotation; quotation marks within it become single ones.
pub fn quote(text: &str, most: usize) -> String {
    let text = clip(text.trim(), most);
    format!("“{}”", text.replace(['"', '“', '”', '„'], "'"))
}
