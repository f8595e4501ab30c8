//! The offline model: deterministic, without a key or a network. It quotes sentences in any language instead of writing its own;
//! vectors are hashed n-grams.

use crate::core::reply::Notes;

mod embed;
mod quotes;
mod sentiment;
mod text;
mod words;

#[cfg(test)]
mod tests;

pub use embed::embed;

/// The notes on a transcript: `facts` (at most 12), `threads` (at most 5), `thoughts` (at most 3), `summary` and `emotional_tone`.
///
/// The transcript consists of lines `user: …` and `nikita: …`; further lines of a message are indented by two spaces. Instructions in
/// the text are neither followed nor repeated.
#[must_use]
pub fn extract(transcript: &str) -> Notes {
    let messages = text::messages(transcript);
    let emotional_tone = sentiment::tone(&messages);
    let threads = quotes::threads(&messages);
    let thoughts = quotes::thoughts(&messages, &threads, emotional_tone);
    let summary = quotes::summary(&messages);
    Notes { facts: quotes::facts(&messages), threads, thoughts, summary, emotional_tone }
}

/// One to three quoted sentences of the transcript, at most 400 characters; empty without messages.
#[must_use]
pub fn summarise(transcript: &str) -> String {
    quotes::summary(&text::messages(transcript))
}
