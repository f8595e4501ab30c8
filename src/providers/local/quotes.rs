//! Notes on a conversation that quote its sentences and never rephrase them.

use std::collections::HashMap;

use super::text::{clip, gives_orders, has_phrase, is_question, plain_words, quote, sentences};
use super::words;
use crate::core::reply::NotedFact;
use crate::core::text::one_line;
use crate::core::tone::Tone;
use crate::domain::conversation::{Message, Role};
use crate::domain::memory::GraphType;

/// The most facts of one conversation; the player's and the latest are preferred.
const MOST_FACTS: usize = 12;
/// The most threads of one conversation; the latest stay.
const MOST_THREADS: usize = 5;
/// The most thoughts of one conversation.
const MOST_THOUGHTS: usize = 3;
/// The longest sentence that is a fact, in characters. Longer ones are lists or pasted text.
const LONGEST_FACT: usize = 220;
/// The fewest letters of a fact.
const LEAST_LETTERS: usize = 6;
/// The longest summary, and the longest quotation in it or in a thread, in characters.
const LONGEST_SUMMARY: usize = 400;
const LONGEST_QUOTE: usize = 120;
/// The most sentences that are compared; the newest are preferred.
const MOST_COMPARED: usize = 600;

/// A sentence with its speaker.
struct Completion<'a> {
    role: Role,
    sentence: &'a str,
    plain: Vec<String>,
}

impl Completion<'_> {
    /// How many words carry a topic. In scripts without blanks, three letters count as one.
    fn content(&self) -> usize {
        let letters = self.sentence.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count();
        let words = self.plain.iter().filter(|word| is_telling(word)).count();
        if self.plain.len() <= 2 { words.max(letters / 3) } else { words }
    }

    fn has(&self, list: &[&str]) -> bool {
        self.plain.iter().any(|word| list.contains(&word.as_str()))
    }

    fn speaks_of_itself(&self) -> bool {
        self.has(words::SELF) || words::SELF_WITHIN.iter().any(|word| self.sentence.contains(word))
    }

    fn who(&self) -> &'static str {
        if self.role == Role::User { "They" } else { "Nikita" }
    }
}

/// Whether a word carries a topic: it is not punctuation, an emoji or a stop word.
fn is_telling(word: &str) -> bool {
    word.chars().any(char::is_alphabetic) && !words::STOP.contains(&word)
}

/// The sentences of a conversation, without messages that contain instructions to a program or data.
fn said(messages: &[Message]) -> Vec<Completion<'_>> {
    let innocent = messages.iter().filter(|it| !gives_orders(&it.content) && !it.content.contains(['{', '}']));
    let mut all: Vec<Completion> = innocent
        .flat_map(|message| sentences(&message.content).map(move |sentence| (message.role, sentence)))
        .map(|(role, sentence)| Completion { role, sentence, plain: plain_words(sentence) })
        .collect();
    all.drain(..all.len().saturating_sub(MOST_COMPARED));
    all
}

/// The speakers' statements about themselves. In an unknown language, all statements of the player.
pub fn facts(messages: &[Message]) -> Vec<NotedFact> {
    let all = said(messages);
    let states = |it: &&Completion| {
        !is_question(it.sentence)
            && it.sentence.chars().count() <= LONGEST_FACT
            && it.sentence.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_LETTERS
            && it.content() >= 2
            && !it.has(words::HYPOTHETICAL)
    };
    let mut told: Vec<&Completion> = all.iter().filter(states).filter(|it| it.speaks_of_itself()).collect();
    if !told.iter().any(|it| it.role == Role::User) {
        let foreign = |it: &&Completion| it.role == Role::User && !it.has(words::STOP) && it.content() >= 2;
        told.extend(all.iter().filter(states).filter(foreign));
    }
    let mut facts: Vec<NotedFact> = Vec::new();
    for it in told {
        let fact = quote(it.sentence, LONGEST_FACT + 2);
        if facts.iter().any(|known| known.fact.to_lowercase() == fact.to_lowercase()) {
            continue;
        }
        let kind = match it.role {
            _ if it.has(words::PAIR) => GraphType::Relationship,
            Role::User => GraphType::User,
            Role::Nikita => GraphType::Nikita,
        };
        facts.push(NotedFact { quote: it.sentence.to_owned(), fact, kind });
    }
    while facts.len() > MOST_FACTS {
        let least = facts.iter().position(|it| it.kind == GraphType::Nikita).unwrap_or(0);
        facts.remove(least);
    }
    facts
}

/// Unanswered questions, promises and plans, oldest first.
pub fn threads(messages: &[Message]) -> Vec<String> {
    let mut threads: Vec<String> = Vec::new();
    let all = said(messages);
    for (at, it) in all.iter().enumerate() {
        let is_answered = || all[at + 1..].iter().any(|later| later.role != it.role);
        let open = if is_question(it.sentence) {
            it.plain.len() >= 2 && !is_answered()
        } else {
            it.plain.len() > 3 && words::TO_COME.iter().any(|phrase| has_phrase(&it.plain, phrase))
        };
        let thread = clip(&told(it), LONGEST_QUOTE + 30);
        if open && !threads.contains(&thread) {
            threads.push(thread);
        }
    }
    let surplus = threads.len().saturating_sub(MOST_THREADS);
    threads.split_off(surplus)
}

/// A quoted sentence with its speaker.
fn told(it: &Completion) -> String {
    let verb = if is_question(it.sentence) { "asked" } else { "said" };
    format!("{} {verb}: {}", it.who(), quote(&one_line(it.sentence), LONGEST_QUOTE))
}

/// Short thoughts of hers, about plans and about the tone.
pub fn thoughts(messages: &[Message], threads: &[String], tone: Tone) -> Vec<String> {
    let mut thoughts: Vec<String> = Vec::new();
    for thread in threads.iter().rev().filter(|thread| thread.starts_with("They ")) {
        let plain = plain_words(thread);
        let occasion = words::OCCASIONS.iter().find(|word| plain.iter().any(|it| it == *word));
        let asked = thread.starts_with("They asked").then_some("They asked me something that I have not answered yet.");
        let thought = occasion.map(|occasion| format!("I wonder how the {occasion} will go."));
        let thought = thought.or(asked.map(str::to_owned));
        thoughts.extend(thought.filter(|thought| !thoughts.contains(thought)));
    }
    thoughts.truncate(MOST_THOUGHTS - 1);
    if messages.iter().any(|message| message.role == Role::User) {
        thoughts.extend(feeling(tone).map(str::to_owned));
    }
    thoughts
}

/// Her thought about a tone.
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

/// The one to three most important sentences, quoted; empty without messages.
pub fn summary(messages: &[Message]) -> String {
    if messages.is_empty() {
        return String::new();
    }
    let all = said(messages);
    let mut frequency: HashMap<&str, u32> = HashMap::new();
    for word in all.iter().flat_map(|it| &it.plain).filter(|word| is_telling(word)) {
        *frequency.entry(word).or_default() += 1;
    }
    let mut ranked: Vec<(usize, f64)> = (0..all.len()).map(|at| (at, worth(&all[at], &frequency))).collect();
    ranked.retain(|(_, worth)| *worth > 0.0);
    // Of equal sentences the earlier one is chosen, so that the result does not depend on the sort.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut chosen: Vec<(usize, String)> = Vec::new();
    let mut room = LONGEST_SUMMARY;
    for (at, _) in ranked {
        let text = told(&all[at]);
        let length = text.chars().count() + 1;
        if chosen.len() < 3 && length <= room && chosen.iter().all(|(_, it)| *it != text) {
            room -= length;
            chosen.push((at, text));
        }
    }
    chosen.sort_by_key(|(at, _)| *at);
    if chosen.is_empty() {
        return "They exchanged a few words.".to_owned();
    }
    chosen.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// The importance of a sentence; zero for a greeting or an emoji.
fn worth(it: &Completion, frequency: &HashMap<&str, u32>) -> f64 {
    let counts = it.plain.iter().filter_map(|word| frequency.get(word.as_str()).copied()).map(f64::from);
    let (sum, count) = counts.fold((0.0, 0.0), |(sum, count), it| (sum + it.sqrt(), count + 1.0));
    if it.content() < 2 {
        return 0.0;
    }
    // Between sum and mean: neither the longest sentence nor the most repeated word decides alone.
    let mut worth = sum / f64::max(count, 1.0_f64).sqrt();
    worth *= if it.speaks_of_itself() { 1.5 } else { 1.0 };
    worth *= if it.role == Role::User { 1.3 } else { 1.0 };
    worth *= if is_question(it.sentence) { 0.4 } else { 1.0 };
    worth * if it.plain.len() > 30 { 0.6 } else { 1.0 }
}
