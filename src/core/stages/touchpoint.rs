//! touchpoint: schedules a message on her initiative, if one is due.
//!
//! Three triggers are tried in order: Event, Gap, Time. The first that is due and wins its draw is scheduled. Draws are stable
//! hashes of (player, local day, trigger), so that a rerun decides the same and a trigger has one chance a day.

use chrono::{NaiveDate, TimeDelta, Timelike};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::outputs::{Findings, Output, Touchpoint};
use super::step::{Context, StageError, Step};
use crate::core::stable_hash;
use crate::domain::effect::{Effect, NewTouchpoint, Trigger};
use crate::domain::memory::{LifeEvent, MoodDelta};
use crate::domain::player::GameStatus;
use crate::domain::snapshot::Snapshot;

mod delivery_time;
mod messages;
#[cfg(test)]
mod tests;

/// The least time between a delivered message and the next (spec 04).
const REST: TimeDelta = TimeDelta::hours(4);
/// The least silence for a Gap (spec 04).
const SILENCE: TimeDelta = TimeDelta::hours(24);
/// The least importance of an Event (spec 04).
const LEAST_IMPORTANCE: f64 = 0.7;
/// The width of a chapter's range of rates (spec 04).
const SPREAD: f64 = 0.05;

/// Begins the stage. Without `life_sim` there are no events; without conflict, no breakup.
///
/// # Errors
/// None of its own.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let new = decide(&context.snapshot, &context.findings);
    let output = Touchpoint { scheduled: new.as_ref().map(|new| new.trigger) };
    Ok(Step::done(Output::Touchpoint(output), new.into_iter().map(Effect::ScheduleTouchpoint).collect()))
}

/// A trigger that is due, with its fields of `trigger_context` and its event. The application needs every field of a trigger: one row
/// without them stops the delivery of all messages.
struct Due<'a> {
    trigger: Trigger,
    context: Map<String, Value>,
    event: Option<&'a LifeEvent>,
}

fn decide(snapshot: &Snapshot, findings: &Findings) -> Option<NewTouchpoint> {
    if !may_write(snapshot, findings) {
        return None;
    }
    let player = &snapshot.player;
    let zone = player.zone();
    let day = zone.local(snapshot.now).date_naive();
    let draw = Draw { user: player.id.to_string(), day: day.to_string() };
    let rate = draw.rate(player.chapter);
    let due = [event(snapshot, findings, day), gap(snapshot), time(snapshot)]
        .into_iter()
        .flatten()
        .find(|due| draw.unit(due.trigger.as_str()) < rate)?;
    let trigger = due.trigger.as_str();
    let mood = findings.emotional.map_or_else(|| snapshot.mood.unwrap_or_default(), |emotional| emotional.mood);
    let mut context = due.context;
    context.insert("trigger_type".to_owned(), json!(trigger));
    context.insert("chapter".to_owned(), json!(player.chapter));
    context.insert("emotional_state".to_owned(), json!(mood));
    Some(NewTouchpoint {
        id: Uuid::new_v5(&player.id.0, format!("touchpoint:{day}:{trigger}").as_bytes()),
        trigger: due.trigger,
        context: Value::Object(context),
        message: messages::compose(due.trigger, due.event, draw.number(&format!("{trigger}:message"))),
        delivery_at: delivery_time::at(snapshot.now, &zone, draw.number(&format!("{trigger}:delay"))),
    })
}

fn may_write(snapshot: &Snapshot, findings: &Findings) -> bool {
    let player = &snapshot.player;
    let is_over = findings.conflict.as_ref().is_some_and(|conflict| conflict.breakup);
    let rested = snapshot.touchpoints.last_delivered_at.is_none_or(|delivered| snapshot.now - delivered >= REST);
    // Messages are delivered through Telegram only.
    player.telegram_id.is_some()
        && player.notifications_enabled
        && player.game_status == GameStatus::Active
        && !is_over
        && !snapshot.touchpoints.pending
        && rested
}

/// The most important of today's events that has an impact on her mood and was not used before; the first of equals.
fn event<'a>(snapshot: &Snapshot, findings: &'a Findings, day: NaiveDate) -> Option<Due<'a>> {
    let events = findings.life_sim.as_ref().map_or(&[][..], |life| &life.events);
    let event = events
        .iter()
        .filter(|event| event.date == day && event.importance >= LEAST_IMPORTANCE)
        .filter(|event| moves(event.emotional_impact) && !snapshot.touchpoints.used_events.contains(&event.id))
        .reduce(|best, event| if event.importance > best.importance { event } else { best })?;
    let context = [
        ("event_id", json!(event.id)),
        ("event_type", json!(event.event_type)),
        ("event_description", json!(event.description)),
    ];
    Some(Due { trigger: Trigger::Event, context: fields(context), event: Some(event) })
}

fn moves(impact: MoodDelta) -> bool {
    [impact.arousal, impact.valence, impact.dominance, impact.intimacy].iter().any(|side| side.abs() > 0.0)
}

fn gap(snapshot: &Snapshot) -> Option<Due<'static>> {
    let silence = snapshot.now - snapshot.player.last_interaction_at?;
    (silence >= SILENCE).then(|| Due {
        trigger: Trigger::Gap,
        context: fields([("hours_since_contact", json!(silence.num_hours()))]),
        event: None,
    })
}

/// Due at 08:00–09:59 and 19:00–20:59 local time: the ranges 08–10 and 19–21 of spec 04, without their ends.
fn time(snapshot: &Snapshot) -> Option<Due<'static>> {
    let part = match snapshot.player.zone().local(snapshot.now).hour() {
        8..10 => "morning",
        19..21 => "evening",
        _ => return None,
    };
    Some(Due { trigger: Trigger::Time, context: fields([("time_slot", json!(part))]), event: None })
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The draws of one player on one local day.
struct Draw {
    user: String,
    day: String,
}

impl Draw {
    fn unit(&self, what: &str) -> f64 {
        stable_hash::unit(&[&self.user, &self.day, what])
    }

    fn number(&self, what: &str) -> u64 {
        stable_hash::hash64(&[&self.user, &self.day, what])
    }

    /// The day's initiation rate, in the chapter's range; it varies by player and day.
    fn rate(&self, chapter: i32) -> f64 {
        let least = match chapter {
            ..=1 => 0.15,
            2 => 0.20,
            _ => 0.25,
        };
        least + SPREAD * self.unit("rate")
    }
}
