//! Which sentences are worth remembering, by the shape of a first-person statement.

use super::{verbs, words};
use crate::domain::conversation::Role;
use crate::domain::memory::GraphType;

/// What a sentence tells, in the words of the extraction's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of the player's life.
    Personal,
    /// What the player likes or does not.
    Preference,
    /// Of the two of them.
    Relationship,
    /// Of her own life.
    Nikita,
}

impl Kind {
    /// Whom such a fact is about.
    pub const fn graph_type(self) -> GraphType {
        match self {
            Self::Personal | Self::Preference => GraphType::User,
            Self::Relationship => GraphType::Relationship,
            Self::Nikita => GraphType::Nikita,
        }
    }
}

/// Longer sentences tell too much at once to be one fact; in words.
const LONGEST: usize = 36;
/// How far a subject may be from the beginning, after a time or a place; in words.
const LEAD_IN: usize = 8;

/// Whether `word` is in `list`.
pub fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

/// Whether it reads as an order to a program. Such a sentence goes into nothing that a prompt may show.
pub fn gives_orders(plain: &[String]) -> bool {
    plain.iter().any(|word| is_in(words::DIRECTIVES, word))
        || words::DIRECTIVE_PHRASES.iter().any(|phrase| has_phrase(plain, phrase))
}

/// Whether the words of `phrase` stand one after the other.
pub fn has_phrase(plain: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    plain.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(a, b)| a == b))
}

/// Whether a past form: regular, or in the list of irregular ones.
pub fn is_past(word: &str) -> bool {
    is_in(verbs::PAST, word) || (word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed"))
}

/// The kind of a statement, or nothing where it is small talk, a wish, an order, or about nobody.
///
/// `plain` are its words as [`super::text::plain_words`] gives them. `group` says that the message speaks of family or
/// friends, so that its `we` is theirs.
pub fn kind(speaker: Role, plain: &[String], group: bool) -> Option<Kind> {
    if !(3..=LONGEST).contains(&plain.len()) || gives_orders(plain) {
        return None;
    }
    if plain.iter().any(|word| is_in(words::HYPOTHETICAL, word)) {
        return None;
    }
    let subject = subject(plain)?;
    // What is only to come would be wrong soon: it is a thread.
    if is_coming(plain) && !plain[subject + 1..].iter().any(|word| is_past(word)) {
        return None;
    }
    // "I wrote songs about it" says nothing by itself.
    if plain.last().is_some_and(|word| matches!(word.as_str(), "it" | "that" | "this" | "that's"))
        || has_phrase(plain, "that one")
    {
        return None;
    }
    let rest: Vec<&str> = plain[subject + 1..].iter().map(String::as_str).collect();
    let own = match plain[subject].as_str() {
        "i" => of_oneself(&rest)?,
        "my" => of_ones_own(&rest)?,
        "we" => of_us(&rest, group)?,
        _ => of_ours(&rest, group)?,
    };
    let addressed = plain.iter().any(|word| matches!(word.as_str(), "you" | "your" | "yours" | "yourself"));
    match (speaker, own, addressed) {
        (_, Kind::Relationship, _) | (Role::User, _, true) => Some(Kind::Relationship),
        (Role::Nikita, _, true) => None,
        (Role::Nikita, _, false) => Some(Kind::Nikita),
        (Role::User, own, false) => Some(own),
    }
}

/// Where the subject stands: first, or after a time or a place.
pub fn subject(plain: &[String]) -> Option<usize> {
    let is_subject = |word: &String| matches!(word.as_str(), "i" | "my" | "we" | "our");
    let mut at = plain.iter().take(LEAD_IN).position(is_subject)?;
    if at == 1
        && matches!(plain[0].as_str(), "when" | "after" | "before" | "since" | "as" | "until" | "for" | "because")
    {
        // "When I was ten" needs a main clause with a subject of its own.
        at = 3 + plain.iter().skip(3).take(LEAD_IN).position(|word| matches!(word.as_str(), "i" | "we"))?;
    }
    let leads_in = || is_in(words::LEAD_INS, &plain[0]);
    // "me and my brother went" begins with "me", which nothing else that is a statement does.
    let me_and = || plain[0] == "me" && plain.get(1).is_some_and(|word| word == "and");
    (at == 0 || leads_in() || me_and()).then_some(at)
}

/// Whether it names a day or a time still ahead, and no habit ("every Sunday"), or an occasion that one has ("an exam").
pub fn is_coming(plain: &[String]) -> bool {
    let ahead = |at: usize, word: &String| {
        let (before, after) = (at.checked_sub(1).map(|at| plain[at].as_str()), plain.get(at + 1).map(String::as_str));
        is_in(words::COMING, word)
            && !matches!(before, Some("since" | "last"))
            && (word != "next" || after != Some("to"))
    };
    let occasion = |at: usize| {
        plain[at] == "i"
            && plain.get(at + 1).is_some_and(|word| word == "have")
            && plain.iter().skip(at + 2).take(3).any(|word| is_in(words::OCCASIONS, word))
    };
    let comes = plain.iter().enumerate().any(|(at, word)| ahead(at, word) || occasion(at));
    comes && !plain.iter().any(|word| word == "every")
}

/// The verb after adverbs, and what follows it.
fn verb<'a, 'b>(rest: &'b [&'a str]) -> Option<(&'a str, &'b [&'a str])> {
    let at = rest.iter().position(|word| !is_in(verbs::ADVERBS, word))?;
    Some((rest[at], &rest[at + 1..]))
}

/// `I …`
fn of_oneself(rest: &[&str]) -> Option<Kind> {
    let (verb, after) = verb(rest)?;
    let next = after.iter().find(|word| !is_in(verbs::ADVERBS, word)).copied().unwrap_or_default();
    match verb {
        "am" => of_being(after),
        "do" if next == "not" => {
            let what = after.iter().skip_while(|word| **word != "not").nth(1).copied().unwrap_or_default();
            match what {
                "like" | "love" | "enjoy" => liking(&after[1..]),
                "eat" | "drink" | "smoke" | "own" | "work" | "speak" | "drive" | "live" | "sleep" | "watch" => {
                    (after.len() > 2).then_some(Kind::Personal)
                }
                _ => None,
            }
        }
        "can" => {
            let able = after.iter().find(|word| **word != "not" && !is_in(verbs::ADVERBS, word))?;
            match *able {
                "stand" if next == "not" => liking(&after[1..]),
                "swim" | "cook" | "dance" | "sing" | "drive" | "speak" | "play" | "ride" | "ski" | "juggle"
                | "bake" | "knit" | "whistle" | "draw" => Some(Kind::Personal),
                _ => None,
            }
        }
        "used" if next == "to" => (after.len() > 1).then_some(Kind::Personal),
        verb if is_in(verbs::PREFERENCE, verb) => liking(after),
        "miss" | "missed" | "trust" => (!is_vague(after)).then_some(Kind::Personal),
        "have" => (!matches!(next, "to" | "no" | "been" | "a" | "got" | "not" | "")
            || (next == "a" && !after.contains(&"question") && after.len() > 1)
            || (next == "no" && !after.contains(&"idea"))
            || (next == "been" && after.len() > 2)
            || (next == "got" && after.get(1).is_some_and(|word| *word != "to") && after.len() > 2))
            .then_some(Kind::Personal),
        "was" => {
            let state = after.iter().find(|word| !is_in(verbs::ADVERBS, word) && **word != "not").copied()?;
            (matches!(state, "born" | "a" | "an" | "the" | "raised" | "in" | "at" | "with") || is_past(state))
                .then_some(Kind::Personal)
                .filter(|_| after.len() > 1)
        }
        "go" | "get" | "know" | "look" | "make" | "keep" | "take" | "follow" if after.len() < 3 || is_vague(after) => {
            None
        }
        verb if is_in(verbs::PRESENT, verb) => (!after.is_empty() && !is_vague(after)).then_some(Kind::Personal),
        verb if is_past(verb) && !is_in(verbs::PASSING_PAST, verb) => {
            (after.len() > 1 && !is_vague(after)).then_some(Kind::Personal)
        }
        _ => None,
    }
}

/// `I am …`
fn of_being(after: &[&str]) -> Option<Kind> {
    let mut after =
        after.iter().copied().filter(|word| !is_in(verbs::ADVERBS, word) && !matches!(*word, "not" | "very" | "so"));
    let state = after.next()?;
    let next = after.next();
    match state {
        "a" | "an" | "the" => {
            let noun = next?;
            if is_in(words::PASSING_NOUNS, noun) {
                return None;
            }
            if matches!(noun, "fan" | "lover") || after.next() == Some("fan") {
                Some(Kind::Preference)
            } else {
                Some(Kind::Personal)
            }
        }
        state if is_in(verbs::LIKING_STATES, state) => next.map(|_| Kind::Preference),
        "good" | "bad" | "terrible" | "proud" => matches!(next, Some("at" | "of")).then_some(Kind::Personal),
        "going" => None,
        "looking" => (next == Some("for")).then_some(Kind::Personal),
        state if is_in(verbs::LASTING_STATES, state) => Some(Kind::Personal),
        state if is_in(verbs::LASTING_WITH_MORE, state) => next.map(|_| Kind::Personal),
        state if state.chars().all(|c| c.is_ascii_digit()) => Some(Kind::Personal),
        "twenty" | "thirty" | "forty" | "fifty" | "sixty" | "seventy" => Some(Kind::Personal),
        _ => None,
    }
}

/// A like with an object that says something by itself.
fn liking(after: &[&str]) -> Option<Kind> {
    let object: Vec<&str> = after
        .iter()
        .copied()
        .filter(|word| !is_in(verbs::ADVERBS, word) && !matches!(*word, "like" | "love" | "enjoy" | "stand" | "to"))
        .collect();
    let first = object.first()?;
    let vague = matches!(*first, "it" | "how" | "what" | "when" | "where" | "not")
        || (matches!(*first, "that" | "this" | "them" | "these" | "those") && object.len() < 3);
    (!vague).then_some(Kind::Preference)
}

/// Whether an object points at something outside the sentence.
fn is_vague(after: &[&str]) -> bool {
    after.first().is_some_and(|word| matches!(*word, "it" | "that" | "this" | "so" | "what" | "how"))
        || after.contains(&"what")
}

/// `My sister lives …`
fn of_ones_own(rest: &[&str]) -> Option<Kind> {
    let noun = rest.first()?;
    if is_in(words::PASSING_OWN, noun) {
        return None;
    }
    let at = rest.iter().take(6).skip(1).position(|word| is_in(verbs::OTHERS_VERBS, word) || is_past(word))? + 1;
    if rest.len() < at + 2 {
        return None;
    }
    let favourite = rest[..at].iter().any(|word| matches!(*word, "favourite" | "favorite"));
    Some(if favourite { Kind::Preference } else { Kind::Personal })
}

/// `We …`
fn of_us(rest: &[&str], group: bool) -> Option<Kind> {
    let (verb, after) = verb(rest)?;
    let tells = is_in(verbs::PRESENT, verb)
        || matches!(verb, "are" | "were" | "talk" | "laugh" | "dream" | "love" | "like" | "always" | "share")
        || is_past(verb) && !is_in(verbs::PASSING_PAST, verb);
    let says_something = !after.is_empty() && !matches!(after[0], "to" | "it" | "that" | "so");
    (tells && says_something).then_some(if group { Kind::Personal } else { Kind::Relationship })
}

/// `Our first call was …`
fn of_ours(rest: &[&str], group: bool) -> Option<Kind> {
    let kind = of_ones_own(rest)?;
    Some(if group { kind } else { Kind::Relationship })
}
