//! The tone of a conversation, by cue phrases or else by the VADER lexicon (Hutto and Gilbert, 2014).

use std::sync::LazyLock;

use vader_sentimental::SentimentIntensityAnalyzer;

use super::text::{clip, has_phrase, plain_words, sentences};
use crate::core::tone::Tone;
use crate::domain::conversation::{Message, Role};

static VADER: LazyLock<SentimentIntensityAnalyzer<'static>> = LazyLock::new(SentimentIntensityAnalyzer::new);

/// The most characters of a sentence that are scored: the time for VADER's idioms is quadratic in the length of a sentence.
const LONGEST: usize = 400;
/// The most sentences that are scored, newest first.
const MOST: usize = 300;

/// Phrases and emoji for each tone that sentiment alone can't recognise. Of tones with equal weight, the earlier one wins.
#[rustfmt::skip]
const CUES: [(Tone, &[&str]); 7] = [
    (
        Tone::Apologetic,
        &[
            "i am sorry", "i am so sorry", "i am really sorry", "sorry for", "sorry i", "sorry that i", "i apologise",
            "i apologize", "forgive me", "my fault", "i was wrong", "i should not have", "did not mean to",
            "make it up to you",
        ],
    ),
    (
        Tone::Cold,
        &[
            "leave me alone", "i hate you", "do not write", "do not talk to me", "shut up", "i am done",
            "tired of you", "do not call", "stop writing", "you annoy", "go away", "nothing to say to you",
        ],
    ),
    (
        Tone::Romantic,
        &[
            "i love you", "love you", "miss you", "missed you", "thinking of you", "in love with you", "kiss",
            "kisses", "darling", "sweetheart", "my heart", "hold your hand", "falling for you", "dream of you", "❤",
            "😘", "🥰", "😍", "💕",
        ],
    ),
    (
        Tone::Anxious,
        &[
            "worried", "nervous", "i am scared", "scares me", "i am afraid", "anxious", "panic", "panicking",
            "can not sleep", "stressed", "terrified", "overwhelmed", "what if i", "freaking out", "dreading",
            "shaking", "😰", "😱", "😨",
        ],
    ),
    (
        Tone::Dismissive,
        &[
            "whatever", "do not care", "who cares", "boring", "so what", "you say so", "not interested",
            "does not matter", "drop it", "bored", "🙄", "busy right now",
        ],
    ),
    (
        Tone::Supportive,
        &[
            "proud of you", "here for you", "you can do", "you can do it", "take care", "believe in you",
            "take your time", "congratulations", "sorry to hear", "sorry you", "thank you for", "means a lot",
            "fingers crossed", "hope you feel", "well done", "get well", "rooting for you", "you deserve", "🤗",
        ],
    ),
    (
        Tone::Playful,
        &[
            "haha", "hahaha", "lol", "joke", "jokes", "pun", "puns", "teasing", "silly", "kidding", "hehe", "prank",
            "dare you", "bet you", "😂", "🤣", "😜", "😝", "😏", "😹",
        ],
    ),
];

/// The tone. The player's words count double, because her mood depends on the player's behaviour (spec 04).
pub fn tone(messages: &[Message]) -> Tone {
    let mut weights = [0_u32; CUES.len()];
    let (mut good, mut bad, mut sum, mut weighed) = (0_u32, 0_u32, 0.0, 0.0);
    let newest =
        messages.iter().rev().flat_map(|message| sentences(&message.content).map(move |it| (message.role, it)));
    for (role, sentence) in newest.take(MOST) {
        let sentence = clip(sentence, LONGEST);
        let weight = if role == Role::User { 2 } else { 1 };
        let plain = plain_words(&sentence);
        for ((_, cues), total) in CUES.iter().zip(&mut weights) {
            if cues.iter().any(|cue| is_felt(&sentence, &plain, cue)) {
                *total += weight;
            }
        }
        // The lexicon's tables iterate in random order, so the last digits of a sum can differ between runs.
        let compound = (VADER.polarity_scores(&sentence).compound * 100.0).round() / 100.0;
        if compound != 0.0 {
            sum += compound * f64::from(weight);
            weighed += f64::from(weight);
        }
        good += if compound >= 0.4 { weight } else { 0 };
        bad += if compound <= -0.4 { weight } else { 0 };
    }
    let heaviest = weights.iter().copied().max().unwrap_or_default();
    if heaviest >= 2
        && let Some(at) = weights.iter().position(|weight| *weight == heaviest)
    {
        return CUES[at].0;
    }
    if good >= 2 && bad >= 2 && good <= 2 * bad && bad <= 2 * good {
        return Tone::Mixed;
    }
    match if weighed > 0.0 { sum / weighed } else { 0.0 } {
        mean if mean >= 0.25 => Tone::Positive,
        mean if mean <= -0.25 => Tone::Negative,
        _ => Tone::Neutral,
    }
}

/// Whether a sentence contains a cue that is not negated just before ("I'm not worried").
fn is_felt(sentence: &str, plain: &[String], cue: &str) -> bool {
    if !cue.is_ascii() {
        return sentence.contains(cue);
    }
    let words = cue.split(' ').count();
    let Some(at) = (0..plain.len()).find(|at| plain.get(*at..at + words).is_some_and(|here| has_phrase(here, cue)))
    else {
        return false;
    };
    !plain[at.saturating_sub(3)..at].iter().any(|word| matches!(word.as_str(), "not" | "never" | "no" | "without"))
}
