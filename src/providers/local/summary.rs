//! An extractive summary: the sentences whose words matter most in the conversation, in the third person.

use std::collections::HashMap;

use super::classify::{self, gives_orders, is_in};
use super::facts::{is_question, speaks_of_a_group};
use super::text::{clip, plain_words, quote, sentences, unshout, without_opener};
use super::{rewrite, words};
use crate::domain::conversation::{Message, Role};

/// The longest summary, in characters.
const LONGEST: usize = 400;
/// The most sentences in it.
const MOST_SENTENCES: usize = 3;
/// The longest quotation in it, in characters.
const LONGEST_QUOTE: usize = 140;
/// The longest sentence in the third person in it, in characters.
const LONGEST_TURNED: usize = 200;
/// The most sentences that are compared, the newest.
const MOST_COMPARED: usize = 600;

/// A sentence as it was said.
struct Said<'a> {
    role: Role,
    group: bool,
    sentence: &'a str,
    plain: Vec<String>,
}

/// One sentence with what it is worth.
struct Candidate {
    place: usize,
    text: String,
    worth: f64,
}

/// One to three sentences, at most 400 characters; empty where there is no message.
pub fn of(messages: &[Message]) -> String {
    if messages.is_empty() {
        return String::new();
    }
    let mut said: Vec<Said> = messages.iter().flat_map(said_in).collect();
    said.drain(..said.len().saturating_sub(MOST_COMPARED));
    let mut frequency: HashMap<&str, u32> = HashMap::new();
    for word in said.iter().flat_map(|it| &it.plain).filter(|word| !is_in(words::STOP, word)) {
        *frequency.entry(word).or_default() += 1;
    }
    let mut candidates: Vec<Candidate> = said
        .iter()
        .enumerate()
        .filter_map(|(place, it)| {
            let at_an_end = place < 2 || place + 2 >= said.len();
            let worth = worth(it, &frequency)? * if at_an_end { 1.1 } else { 1.0 };
            Some(Candidate { place, text: in_third_person(it)?, worth })
        })
        .collect();
    // Equal worth goes to the earlier sentence, so that the choice does not depend on the sort.
    candidates.sort_by(|a, b| b.worth.total_cmp(&a.worth).then(a.place.cmp(&b.place)));
    let mut chosen: Vec<Candidate> = Vec::new();
    let mut length = 0;
    for candidate in candidates {
        let longer = length + candidate.text.chars().count() + 1;
        if chosen.len() < MOST_SENTENCES && longer <= LONGEST + 1 && chosen.iter().all(|it| it.text != candidate.text) {
            length = longer;
            chosen.push(candidate);
        }
    }
    chosen.sort_by_key(|it| it.place);
    if chosen.is_empty() {
        return fallback(messages);
    }
    chosen.into_iter().map(|it| it.text).collect::<Vec<_>>().join(" ")
}

/// The sentences of a message; none where it orders a program about or holds data, because its other sentences are then of the same kind.
fn said_in(message: &Message) -> Vec<Said<'_>> {
    let group = speaks_of_a_group(message);
    let said: Vec<Said> = sentences(&message.content)
        .map(without_opener)
        .map(|sentence| Said { role: message.role, group, sentence, plain: plain_words(sentence) })
        .collect();
    if said.iter().any(|it| gives_orders(&it.plain) || it.sentence.contains(['{', '}'])) { Vec::new() } else { said }
}

/// What a sentence tells of the conversation; nothing where it is only a greeting. Place counts as well: how a talk began
/// and how it ended matters a little more than its middle.
fn worth(said: &Said, frequency: &HashMap<&str, u32>) -> Option<f64> {
    let content: Vec<f64> = said
        .plain
        .iter()
        .filter(|word| !is_in(words::STOP, word) && !is_in(words::INTERJECTIONS, word))
        .map(|word| f64::from(frequency.get(word.as_str()).copied().unwrap_or_default()).sqrt())
        .collect();
    if content.is_empty() || said.plain.len() < 3 {
        return None;
    }
    let count = f64::from(u32::try_from(content.len()).unwrap_or(u32::MAX));
    // The square root between sum and mean: neither the longest sentence nor the most repeated word wins alone.
    let mut worth = content.iter().sum::<f64>() / count.sqrt();
    worth *= if classify::kind(said.role, &said.plain, said.group).is_some() { 1.5 } else { 1.0 };
    worth *= if said.role == Role::User { 1.3 } else { 1.0 };
    worth *= if is_question(said.sentence) { 0.4 } else { 1.0 };
    worth *= if said.plain.len() > 30 { 0.6 } else { 1.0 };
    Some(worth)
}

/// A sentence as somebody else would tell it: turned where it has a subject that tells it, else quoted.
fn in_third_person(said: &Said) -> Option<String> {
    let plain = unshout(said.sentence);
    let question = is_question(said.sentence);
    let turned = match said.role {
        // Without a subject it may be an order ("Give me …"), which a prompt must not seem to repeat as its own.
        _ if question || classify::subject(&said.plain).is_none() => None,
        Role::User => rewrite::player(&plain, said.group),
        Role::Nikita => rewrite::nikita(&plain),
    };
    if let Some(turned) = turned.filter(|it| it.chars().count() <= LONGEST_TURNED) {
        return Some(turned);
    }
    let who = if said.role == Role::User { "They" } else { "Nikita" };
    let verb = if question { "asked" } else { "said" };
    let quoted = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = upper_first(quoted.trim_end_matches('.'));
    (!quoted.is_empty()).then(|| format!("{who} {verb}: {}", full_stop(&quote(&quoted, LONGEST_QUOTE))))
}

/// For conversations without a telling sentence: other scripts, pictures, a few words.
fn fallback(messages: &[Message]) -> String {
    let spoken = |message: &&Message| {
        message.content.chars().any(char::is_alphabetic) && !gives_orders(&plain_words(&message.content))
    };
    match messages.iter().rev().filter(|message| message.role == Role::User).find(spoken) {
        Some(message) => {
            let line = message.content.split_whitespace().collect::<Vec<_>>().join(" ");
            clip(&format!("They wrote: {}", full_stop(&quote(&line, LONGEST_QUOTE))), LONGEST)
        }
        None => "They exchanged a few words.".to_owned(),
    }
}

/// The first letter in upper case.
fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A quotation with the full stop that it lacks.
fn full_stop(quotation: &str) -> String {
    let inner = quotation.trim_end_matches('”');
    if inner.ends_with(['.', '!', '?', '…', '。', '？', '！', '؟']) {
        quotation.to_owned()
    } else {
        format!("{inner}.”")
    }
}
