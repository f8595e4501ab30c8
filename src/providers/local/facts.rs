//! The facts of a transcript, in the third person.

use super::classify::{self, Kind, is_in};
use super::text::{plain_words, sentences, unshout, without_opener};
use super::{rewrite, words};
use crate::domain::conversation::{Message, Role};

/// The most facts of one conversation.
const MOST: usize = 12;
/// The longest fact, in characters.
const LONGEST: usize = 220;

/// Longer sentences, in bytes, are lists or pasted text. Clauses are looked for only below it, so that the search, which
/// may cost the square of a length, stays short.
pub const MOST_OF_A_SENTENCE: usize = 1_000;

/// A fact and its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A sentence in the third person.
    pub fact: String,
    /// Whom it is about.
    pub kind: Kind,
}

/// What the messages tell, in their order, each once. Over the bound the player's facts stay and the latest win.
pub fn of(messages: &[Message]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for message in messages {
        let group = speaks_of_a_group(message);
        for sentence in sentences(&message.content) {
            if sentence.len() > MOST_OF_A_SENTENCE {
                continue;
            }
            for clause in clauses(sentence) {
                let Some(fact) = fact(message.role, clause, group) else { continue };
                if !facts.iter().any(|known| known.fact.eq_ignore_ascii_case(&fact.fact)) {
                    facts.push(fact);
                }
            }
        }
    }
    while facts.len() > MOST {
        let least = facts.iter().position(|it| it.kind == Kind::Nikita).unwrap_or(0);
        facts.remove(least);
    }
    facts
}

/// One clause as a fact.
fn fact(speaker: Role, clause: &str, group: bool) -> Option<Fact> {
    if clause.chars().count() > LONGEST || is_question(clause) {
        return None;
    }
    let clause = unshout(clause);
    let kind = classify::kind(speaker, &plain_words(&clause), group)?;
    let fact = match speaker {
        Role::User => rewrite::player(&clause, group)?,
        Role::Nikita => rewrite::nikita(&clause)?,
    };
    Some(Fact { fact, kind })
}

/// Whether the message's `we` are the player and others: it names family or friends, or nothing that the two do.
pub fn speaks_of_a_group(message: &Message) -> bool {
    if message.role == Role::Nikita {
        return false;
    }
    let plain = plain_words(&message.content);
    let names = |list: &[&str]| plain.iter().any(|word| is_in(list, word));
    names(words::GROUPS) || !names(words::PAIR)
}

/// Whether it asks something, in any script's question mark.
pub fn is_question(sentence: &str) -> bool {
    sentence.contains(['?', '？', '؟', '⁇', '‽'])
}

/// A sentence in parts that each have a first-person subject: "I work as a nurse, and my sister lives in Lisbon" is two.
pub fn clauses(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = without_opener(sentence);
    let mut from = 0;
    while let Some((end, next)) = joint(rest, from) {
        if plain_words(&rest[..end]).len() >= 3 {
            parts.push(rest[..end].trim());
            rest = without_opener(&rest[next..]);
            from = 0;
        } else {
            from = next;
        }
    }
    parts.push(rest.trim());
    parts
}

/// Where a clause ends, at or after `from`, and the next one, with a subject of its own, begins.
fn joint(text: &str, from: usize) -> Option<(usize, usize)> {
    const JOINTS: [&str; 10] = [", and ", ", but ", ", so ", " and ", " but ", "; ", " - ", " – ", " — ", ", "];
    let tail = &text[from..];
    let mut best: Option<(usize, usize)> = None;
    for joint in JOINTS {
        // A noun phrase may be listed with "and my …", so "my" needs more than a bare "and" before it.
        let strong = !matches!(joint, " and " | ", ");
        let found = tail.match_indices(joint).find(|(at, _)| {
            let mut following = tail[at + joint.len()..].split_whitespace();
            let next = following.next().unwrap_or_default().to_lowercase();
            let next = next.trim_matches(|c: char| !c.is_alphanumeric());
            // "my father and I." ends with a name, not with a clause.
            if following.next().is_none() {
                return false;
            }
            match next {
                // "…, so choose the cake carefully": what follows is an order and told by nobody.
                "choose" | "please" | "don't" | "tell" | "give" | "send" | "say" | "write" | "let" | "stop"
                | "remember" => strong,
                "i" | "i'm" | "i've" | "i'll" | "im" | "ive" | "we" | "we've" | "we're" => true,
                "my" | "our" => strong && classifies(&tail[at + joint.len()..]),
                _ => false,
            }
        });
        if let Some((at, joint)) = found
            && best.is_none_or(|(end, _)| from + at < end)
        {
            best = Some((from + at, from + at + joint.len()));
        }
    }
    best
}

/// Whether `my …` has a verb of its own.
fn classifies(text: &str) -> bool {
    classify::kind(Role::User, &plain_words(text).into_iter().take(12).collect::<Vec<_>>(), false).is_some()
}
