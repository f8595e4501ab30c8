//! A language model and embeddings without a model: deterministic, offline, no key (spec 05).
//!
//! It reads English first-person statements, questions and promises by rule, tells the tone by cue phrases and a lexicon,
//! summarises by choosing sentences, and embeds by hashing words and their parts. Good enough to be useful, for `demo` and
//! for tests; it does not understand irony, other languages, or who is meant. Whatever it is given, it answers: there is no
//! error and no panic, and the time it takes is bounded, because it looks at no more than 64,000 characters of a transcript.

use crate::core::reply::{NotedFact, Notes};

mod classify;
mod embed;
mod facts;
mod notes;
mod rewrite;
mod sentiment;
mod summary;
mod text;
mod verbs;
mod words;

#[cfg(test)]
mod tests;

pub use embed::embed;

/// What a transcript tells, in the shape of the extraction's schema (spec 04): `facts` (list of `{fact, kind}`, at most
/// 12), `threads` (at most 5) and `thoughts` (at most 3), `summary`, and `emotional_tone`, a word of
/// [`crate::core::tone::Tone`].
///
/// The transcript is lines `user: …` and `nikita: …`; further lines of a message are indented by two spaces. Facts are in
/// the third person: the player is "they", Nikita "Nikita" and "she". Orders in the text are neither followed nor repeated.
#[must_use]
pub fn extract(transcript: &str) -> Notes {
    let messages = text::messages(transcript);
    let facts = facts::of(&messages);
    let facts =
        facts.iter().map(|it| NotedFact { quote: String::new(), fact: it.fact.clone(), kind: it.kind.graph_type() });
    let facts = facts.collect();
    let emotional_tone = sentiment::tone(&messages);
    let threads = notes::threads(&messages);
    let thoughts = notes::thoughts(&messages, &threads, emotional_tone);
    Notes { facts, threads, thoughts, summary: summary::of(&messages), emotional_tone }
}

/// One to three sentences of the transcript in the third person, at most 400 characters; empty where it has no message.
#[must_use]
pub fn summarise(transcript: &str) -> String {
    summary::of(&text::messages(transcript))
}
