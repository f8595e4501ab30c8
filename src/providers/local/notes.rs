//! What a conversation leaves open, and what it makes Nikita think.

use super::classify::{gives_orders, has_phrase, is_coming, is_in, is_past};
use super::facts::{MOST_OF_A_SENTENCE, clauses, is_question, speaks_of_a_group};
use super::text::{clip, plain_words, quote, sentences, unshout};
use super::{rewrite, verbs, words};
use crate::core::tone::Tone;
use crate::domain::conversation::{Message, Role};

/// The most threads of one conversation; the latest stay.
const MOST_THREADS: usize = 5;
/// The most thoughts of one conversation.
const MOST_THOUGHTS: usize = 3;
/// The longest thread, in characters.
const LONGEST: usize = 200;

/// An answer that puts a question off.
const PUTTING_OFF: [&str; 8] =
    ["tell you", "later", "not now", "long story", "another time", "some other time", "do not want to talk", "ask me"];

/// Questions without an answer, promises, suggestions, and what is to come, oldest first.
pub fn threads(messages: &[Message]) -> Vec<String> {
    let mut threads: Vec<String> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let group = speaks_of_a_group(message);
        let all: Vec<&str> = sentences(&message.content).filter(|it| it.len() <= MOST_OF_A_SENTENCE).collect();
        let last_question = all.iter().rposition(|it| is_question(it));
        // Who orders a program about, orders with the sentences around as well.
        if all.iter().any(|it| gives_orders(&plain_words(it))) {
            continue;
        }
        for (place, sentence) in all.iter().enumerate() {
            let plain = plain_words(sentence);
            if plain.len() < 3 {
                continue;
            }
            let open = if is_question(sentence) {
                (last_question == Some(place) && is_open(message.role, &messages[at + 1..]))
                    .then(|| asked(message.role, sentence))
            } else {
                clauses(sentence).into_iter().find_map(|clause| announced(message.role, &unshout(clause), group))
            };
            if let Some(thread) = open.map(|it| clip(&it, LONGEST))
                && !threads.contains(&thread)
            {
                threads.push(thread);
            }
        }
    }
    let surplus = threads.len().saturating_sub(MOST_THREADS);
    threads.split_off(surplus)
}

/// Whether nobody answered a question of `role`'s, or only put it off.
fn is_open(role: Role, later: &[Message]) -> bool {
    let Some(answer) = later.iter().find(|message| message.role != role) else { return true };
    let plain = plain_words(&answer.content);
    plain.len() < 25 && PUTTING_OFF.iter().any(|phrase| has_phrase(&plain, phrase))
}

/// A question as a thread.
fn asked(role: Role, question: &str) -> String {
    let who = if role == Role::User { "They" } else { "Nikita" };
    format!("{who} asked: {}", quote(question, LONGEST - 20))
}

/// A promise, a suggestion, a reminder, or something to come.
fn announced(role: Role, clause: &str, group: bool) -> Option<String> {
    let plain = plain_words(clause);
    let third = |text: &str| match role {
        Role::User => rewrite::player(text, group),
        Role::Nikita => rewrite::nikita(text),
    };
    let who = if role == Role::User { "They" } else { "Nikita" };
    let starts = |phrase: &str| plain.join(" ").starts_with(phrase);
    if plain.len() < 3 || plain.iter().any(|word| matches!(word.as_str(), "if" | "would" | "wish")) {
        return None;
    }
    // "Let's see" and "let's go" suggest nothing.
    if starts("let us ") && plain.len() > 3 {
        let (_, what) = clause.split_once(char::is_whitespace)?;
        let what = third(&format!("we {what}"))?;
        let what = what.strip_prefix("The two of them ").or_else(|| what.strip_prefix("They "))?;
        return Some(format!("{who} suggested that the two of them {what}"));
    }
    if starts("remind me ") || starts("please remind me ") {
        let what = clause.to_lowercase().find("remind me").map(|at| &clause[at + "remind me".len()..])?;
        let what = third(&format!("reminded{what}"))?;
        return Some(format!("{who} asked to be {}", lower_first(&what)));
    }
    let subject = super::classify::subject(&plain)?;
    let rest = &plain[subject + 1..];
    let verb = rest.iter().position(|word| !is_in(verbs::ADVERBS, word))?;
    let promises = match plain[subject].as_str() {
        "i" | "we" => match rest[verb].as_str() {
            // "I will" alone and "I will be fine" promise nothing that can be asked about.
            "will" => rest.len() > verb + 2 && rest[verb + 1] != "be",
            "promise" | "promised" => rest.len() > verb + 2,
            "am" | "are" => rest.get(verb + 1).is_some_and(|word| word == "going") && rest.len() > verb + 4,
            _ => false,
        },
        _ => false,
    };
    let passing = |word: &String| is_past(word) || is_in(verbs::PREFERENCE, word) && word != "like";
    let comes = is_coming(&plain) && rest.len() > 2 && !rest.iter().any(passing);
    (promises || comes).then(|| third(clause)).flatten()
}

/// The first letter in lower case.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Short thoughts of hers: about what is to come, what was promised, and how it felt.
pub fn thoughts(messages: &[Message], threads: &[String], tone: Tone) -> Vec<String> {
    let mut thoughts: Vec<String> = Vec::new();
    for thread in threads.iter().rev() {
        let theirs = thread.starts_with("They") || thread.contains(" they ") || thread.contains("Their ");
        let plain = plain_words(thread);
        let occasion = words::OCCASIONS.iter().find(|word| plain.iter().any(|it| it == *word));
        if let Some(occasion) = occasion.filter(|_| theirs && !thread.contains("suggested")) {
            thoughts.push(format!("I wonder how the {occasion} will go."));
        } else if has_phrase(&plain, "tell nikita") {
            thoughts.push("I am curious what they will tell me.".to_owned());
        } else if thread.starts_with("They asked:") {
            thoughts.push("They asked me something that I have not answered yet.".to_owned());
        } else if thread.contains("suggested") {
            thoughts.push("I am looking forward to what we said we would do together.".to_owned());
        }
    }
    if messages.iter().any(|message| message.role == Role::User) {
        thoughts.extend(feeling(tone).map(str::to_owned));
    }
    let mut seen = std::collections::HashSet::new();
    thoughts.retain(|thought| seen.insert(thought.clone()));
    // The feeling comes last and is worth more than a third occasion.
    if thoughts.len() > MOST_THOUGHTS {
        let feeling = thoughts.pop();
        thoughts.truncate(MOST_THOUGHTS - 1);
        thoughts.extend(feeling);
    }
    thoughts
}

/// What a tone leaves in her.
const fn feeling(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Supportive => Some("It felt good to be there for each other."),
        Tone::Dismissive => Some("They seemed far away; I wonder whether I said too much."),
        Tone::Romantic => Some("I keep thinking of the warm things they said."),
        Tone::Cold => Some("That hurt; I need a little time before I write again."),
        Tone::Playful => Some("They made me laugh today."),
        Tone::Anxious => Some("They sounded worried; I want to ask soon how they are."),
        Tone::Apologetic => Some("It means something to me that they said sorry."),
        Tone::Positive => Some("That was a good talk."),
        Tone::Negative => Some("That was a hard talk; I hope tomorrow is lighter."),
        Tone::Mixed => Some("I am not sure yet how that left us."),
        Tone::Neutral => None,
    }
}
