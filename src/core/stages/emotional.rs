//! emotional: her mood in four dimensions, with the numbers of spec 04.

use std::ops::Add;

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Weekday};

use super::outputs::{Emotional, Output};
use super::step::{Context, StageError, Step};
use crate::domain::effect::Effect;
use crate::domain::memory::{Mood, MoodDelta};
use crate::domain::points::Points;

/// The most that all life events of the day together change a dimension.
const MOST_BY_EVENTS: f64 = 0.3;
/// The most that the conversation's tone changes a dimension.
const MOST_BY_TONE: f64 = 0.4;

/// Begins the stage. Her mood starts from the middle of every scale, not from the previous mood, so that a rerun at the same time
/// gives the same mood. Without an extraction the tone is neutral; without `life_sim` there are no events.
///
/// # Errors
/// None of its own.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let (snapshot, findings) = (&context.snapshot, &context.findings);
    let tone = findings.extraction.as_ref().map(|extraction| extraction.tone).unwrap_or_default();
    let events = findings.life_sim.as_ref().map(|day| day.events.as_slice()).unwrap_or_default();

    let lived = events.iter().map(|event| event.emotional_impact).fold(MoodDelta::default(), add);
    let local = snapshot.player.zone().local(snapshot.now);
    let change = [
        of_the_hour(&local),
        of_the_day(local.weekday()),
        within(MOST_BY_EVENTS, lived),
        within(MOST_BY_TONE, tone.mood_delta()),
        of_the_chapter(snapshot.player.chapter),
        of_the_score(snapshot.player.score),
    ]
    .into_iter()
    .fold(MoodDelta::default(), add);

    let mood = clamped(change);
    Ok(Step::done(Output::Emotional(Emotional { mood }), vec![Effect::Feel { mood }]))
}

/// The player's local time of day: early morning 5–8, morning 8–12, afternoon 12–17, evening 17–21, night 21–24, late night 0–5,
/// each without its end. The spec gives the names and their weights; the hours are ours.
fn of_the_hour(local: &DateTime<FixedOffset>) -> MoodDelta {
    let (arousal, valence) = match local.hour() {
        5..8 => (-0.10, -0.05),
        8..12 => (0.15, 0.10),
        12..17 => (0.05, 0.0),
        17..21 => (-0.05, 0.05),
        21.. => (-0.15, 0.0),
        0..5 => (-0.20, -0.10),
    };
    MoodDelta { arousal, valence, ..MoodDelta::default() }
}

/// Friday adds to a weekday.
fn of_the_day(day: Weekday) -> MoodDelta {
    let (arousal, valence, dominance) = match day {
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu => (0.0, 0.0, 0.05),
        Weekday::Fri => (0.10, 0.10, 0.05),
        Weekday::Sat | Weekday::Sun => (-0.05, 0.10, -0.05),
    };
    MoodDelta { arousal, valence, dominance, intimacy: 0.0 }
}

/// A chapter outside 1–5 changes nothing; `game_state` reports it.
fn of_the_chapter(chapter: i32) -> MoodDelta {
    let (intimacy, dominance) = match chapter {
        1 => (0.0, 0.10),
        2 => (0.05, 0.05),
        3 => (0.10, 0.0),
        4 => (0.15, -0.05),
        5 => (0.20, -0.10),
        _ => (0.0, 0.0),
    };
    MoodDelta { dominance, intimacy, ..MoodDelta::default() }
}

fn of_the_score(score: Points) -> MoodDelta {
    MoodDelta { valence: (score.as_f64() / 100.0 - 0.5) * 0.2, ..MoodDelta::default() }
}

fn add(a: MoodDelta, b: MoodDelta) -> MoodDelta {
    combine(a, b, Add::add)
}

fn within(most: f64, delta: MoodDelta) -> MoodDelta {
    combine(delta, delta, |side, _| side.clamp(-most, most))
}

fn combine(a: MoodDelta, b: MoodDelta, with: impl Fn(f64, f64) -> f64) -> MoodDelta {
    MoodDelta {
        arousal: with(a.arousal, b.arousal),
        valence: with(a.valence, b.valence),
        dominance: with(a.dominance, b.dominance),
        intimacy: with(a.intimacy, b.intimacy),
    }
}

fn clamped(change: MoodDelta) -> Mood {
    let middle = Mood::default();
    Mood {
        arousal: (middle.arousal + change.arousal).clamp(0.0, 1.0),
        valence: (middle.valence + change.valence).clamp(0.0, 1.0),
        dominance: (middle.dominance + change.dominance).clamp(0.0, 1.0),
        intimacy: (middle.intimacy + change.intimacy).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests;
