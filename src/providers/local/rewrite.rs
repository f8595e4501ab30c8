//! From the first person to the third: the player is "they", Nikita is "Nikita" and "she", the two are "the two of them".
//!
//! The plural "they" needs no other verb form than "I" but for am and was, so that a player's sentence stays grammatical.
//! Nikita's verbs are conjugated where they are known; where a sentence can't be turned safely there is no result, and
//! the caller quotes it or leaves it out.

use super::classify::{is_in, is_past};
use super::text::{Token, as_sentence, tokens};
use super::verbs;

/// After `you`, a sign that it is an object: what follows can't be its verb.
const AFTER_OBJECT: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "always",
    "an",
    "and",
    "any",
    "as",
    "at",
    "because",
    "before",
    "but",
    "by",
    "even",
    "every",
    "everything",
    "first",
    "for",
    "from",
    "here",
    "how",
    "i",
    "in",
    "into",
    "last",
    "like",
    "more",
    "most",
    "my",
    "next",
    "now",
    "of",
    "on",
    "once",
    "or",
    "so",
    "some",
    "something",
    "that",
    "the",
    "then",
    "this",
    "to",
    "today",
    "tomorrow",
    "tonight",
    "too",
    "very",
    "what",
    "when",
    "where",
    "while",
    "why",
    "with",
    "without",
    "yesterday",
    "is",
    "was",
    "anyway",
    "right",
    "back",
    "better",
    "both",
    "soon",
    "what's",
    "how's",
];

/// A player's sentence in the third person. `group` says that its `we` is their family or friends.
pub fn player(sentence: &str, group: bool) -> Option<String> {
    let tokens = strip(tokens(sentence));
    let mut out = Vec::with_capacity(tokens.len());
    // Whether the nearest subject is the player: "I came home and was tired" needs "were".
    let mut own_subject = false;
    for (at, token) in tokens.iter().enumerate() {
        let low = token.low.as_str();
        let previous =
            tokens[..at].iter().rev().map(|it| it.low.as_str()).find(|word| !is_in(verbs::ADVERBS, word)).unwrap_or("");
        match low {
            "i" | "i'm" | "im" | "i've" | "ive" | "i'll" | "i'd" | "we" => own_subject = true,
            "he" | "she" | "it" | "who" | "that" | "which" | "there" | "it's" => own_subject = false,
            _ => {}
        }
        let us = |pair: &str, theirs: &str| (if group { theirs } else { pair }).to_owned();
        let new = match low {
            "i" => "they".into(),
            "i'm" | "im" => "they are".into(),
            "i've" | "ive" => "they have".into(),
            "i'll" => "they'll".into(),
            "i'd" => "they'd".into(),
            "me" if at == 0 => "they".into(),
            "me" => "them".into(),
            "my" | "our" => "their".into(),
            "mine" | "ours" => "theirs".into(),
            "myself" | "ourselves" => "themselves".into(),
            "am" => "are".into(),
            "was" | "wasn't" if previous == "i" || (own_subject && is_in(&["and", "but", "or"], previous)) => {
                low.replace("was", "were")
            }
            "we" => us("the two of them", "they"),
            "we're" => us("the two of them are", "they are"),
            "we've" => us("the two of them have", "they have"),
            "we'll" => us("the two of them will", "they will"),
            "we'd" => us("the two of them would", "they would"),
            "us" => us("the two of them", "them"),
            _ => match you(&tokens, at)? {
                Some(new) => new,
                None => token.core.to_owned(),
            },
        };
        out.push(format!("{}{new}{}", token.before, token.after));
    }
    finish(&out)
}

/// What `you` becomes in a player's sentence: `None` where it can't be told, `Some(None)` where the word is another.
#[expect(clippy::option_option, reason = "the outer one gives up, the inner one keeps the word")]
fn you(tokens: &[Token], at: usize) -> Option<Option<String>> {
    let token = &tokens[at];
    let new = match token.low.as_str() {
        "your" | "yours" => "Nikita's",
        "yourself" => "herself",
        "you're" => "Nikita is",
        "you've" => "Nikita has",
        "you'll" => "Nikita will",
        "you'd" => "Nikita would",
        "are" if tokens.get(at + 1).is_some_and(|next| next.low == "you") => return None,
        // "you are" has become "Nikita", and its verb is the next word.
        verb if at > 0 && tokens[at - 1].low == "you" && tokens[at - 1].after.is_empty() => match verb {
            "are" => "is",
            "were" => "was",
            "have" => "has",
            "do" => "does",
            "aren't" => "isn't",
            "weren't" => "wasn't",
            "don't" => "doesn't",
            "haven't" => "hasn't",
            _ => return Some(None),
        },
        "you" => {
            let object = !token.after.is_empty()
                || tokens.get(at + 1).is_none_or(|next| {
                    let next = next.low.as_str();
                    next.is_empty()
                        || is_in(AFTER_OBJECT, next)
                        || is_in(verbs::MODALS, next)
                        || is_past(next)
                        || matches!(next, "are" | "were" | "have" | "do" | "aren't" | "weren't" | "don't" | "haven't")
                });
            if !object {
                return None;
            }
            "Nikita"
        }
        _ => return Some(None),
    };
    Some(Some(new.to_owned()))
}

/// A sentence of Nikita's in the third person, if all its verbs are known.
pub fn nikita(sentence: &str) -> Option<String> {
    let tokens = strip(tokens(sentence));
    let mut out = Vec::with_capacity(tokens.len());
    let mut named = false;
    // Whether the verb in hand is a first person's in the present, so that "and paint" is one as well.
    let mut running = false;
    let mut after_subject = false;
    for (at, token) in tokens.iter().enumerate() {
        let low = token.low.as_str();
        let mut she = |verb: &str| {
            let name = if named { "she" } else { "Nikita" };
            named = true;
            format!("{name}{verb}")
        };
        let new = match low {
            "i" => {
                after_subject = true;
                out.push(format!("{}{}{}", token.before, she(""), token.after));
                continue;
            }
            "i'm" | "im" => she(" is"),
            "i've" | "ive" => she(" has"),
            "i'll" => she(" will"),
            "i'd" => she("'d"),
            "my" if at == 0 => {
                named = true;
                "Nikita's".into()
            }
            "my" | "me" => "her".into(),
            "mine" => "hers".into(),
            "myself" => "herself".into(),
            "we" | "us" => "the two of them".into(),
            "we're" => "the two of them are".into(),
            "we've" => "the two of them have".into(),
            "we'll" => "the two of them will".into(),
            "we'd" => "the two of them would".into(),
            "our" | "your" => "their".into(),
            "ours" | "yours" => "theirs".into(),
            "ourselves" => "themselves".into(),
            "you" => "them".into(),
            "you're" | "you've" | "you'll" | "you'd" | "yourself" => return None,
            _ if after_subject && is_in(verbs::ADVERBS, low) => token.core.to_owned(),
            _ if after_subject => {
                after_subject = false;
                running = is_in(verbs::PRESENT, low);
                singular(low)?
            }
            _ if running
                && at > 0
                && is_in(&["and", "or", "but"], &tokens[at - 1].low)
                && is_in(verbs::PRESENT, low) =>
            {
                singular(low)?
            }
            // A question's order of words, or `you` as a subject.
            "am" => return None,
            _ if at > 0
                && tokens[at - 1].low == "you"
                && tokens[at - 1].after.is_empty()
                && !is_in(AFTER_OBJECT, low) =>
            {
                return None;
            }
            _ => token.core.to_owned(),
        };
        out.push(format!("{}{new}{}", token.before, token.after));
    }
    if after_subject {
        return None;
    }
    finish(&out)
}

/// The third person singular of a first person's verb; nothing where it is not known.
fn singular(verb: &str) -> Option<String> {
    let plain = match verb {
        "am" => "is",
        "have" => "has",
        "do" => "does",
        "don't" | "dont" => "doesn't",
        "haven't" => "hasn't",
        // With "read", the past is meant more often, and is not wrong for the present.
        "can't" | "won't" | "couldn't" | "wouldn't" | "wasn't" | "didn't" | "hadn't" | "shouldn't" | "must"
        | "read" => verb,
        _ if is_in(verbs::MODALS, verb) || is_past(verb) => verb,
        _ => "",
    };
    if !plain.is_empty() {
        return Some(plain.to_owned());
    }
    let known = is_in(verbs::PRESENT, verb)
        || is_in(verbs::PREFERENCE, verb)
        || matches!(verb, "want" | "need" | "think" | "hope" | "wonder" | "feel" | "promise" | "remember" | "wish");
    let stem = verb.trim_end_matches('y');
    let vowel_before = stem.ends_with(['a', 'e', 'o', 'u']);
    known.then(|| match verb {
        _ if verb.ends_with('y') && !vowel_before => format!("{stem}ies"),
        _ if verb.ends_with(['s', 'x', 'z', 'o']) || verb.ends_with("ch") || verb.ends_with("sh") => {
            format!("{verb}es")
        }
        _ => format!("{verb}s"),
    })
}

/// Without a name or a laugh at the end.
fn strip(mut tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    while tokens.len() > 1
        && tokens.last().is_some_and(|it| matches!(it.low.as_str(), "" | "nikita" | "lol" | "haha" | "hehe"))
    {
        tokens.pop();
    }
    tokens
}

/// One sentence of the words.
fn finish(words: &[String]) -> Option<String> {
    let text = as_sentence(&words.join(" "));
    (!text.is_empty()).then_some(text)
}
