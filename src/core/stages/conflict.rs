//! conflict: the temperature between them, and whether it breaks them up.
//!
//! ```text
//!        cools 0.5 an hour            -Δ heats 1.5 a point, +5 over 3 points
//!   calm ◀──────────────── warm ◀── hot ──▶ critical        +Δ takes 0.5 a point
//!   0      25              50       75      100 degrees
//! ```
//!
//! The clock of the rule is the conversation's last message, not the hour of the run: a backlog worked off in one night
//! cools between its conversations like one that was processed at once, so that an outage of ours breaks nobody up.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Context, Output, StageError, Step};
use crate::domain::effect::Effect;
use crate::domain::player::GameStatus;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

#[cfg(test)]
mod tests;

/// Degrees that an hour takes off (spec 04).
const COOLING_PER_HOUR: f64 = 0.5;
/// Degrees for each point lost.
const HEAT_PER_POINT: f64 = 1.5;
/// Degrees that come on top of a loss over [`HARD_LOSS`].
const HARD_LOSS_HEAT: f64 = 5.0;
/// The loss that still counts as a mild one.
const HARD_LOSS: Points = Points::whole(3);
/// Degrees that each point won takes off.
const RELIEF_PER_POINT: f64 = 0.5;
/// Degrees above which the 48 hours run.
const UNBEARABLE: f64 = 90.0;
/// How long the temperature may stay above [`UNBEARABLE`].
const BEARABLE_FOR: TimeDelta = TimeDelta::hours(48);
/// Crises in a row that end it.
const MOST_CRISES: u64 = 3;
/// The score under which it ends.
const LEAST_SCORE: Points = Points::whole(10);

/// How hot it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Under 25 degrees.
    #[default]
    Calm,
    /// Under 50.
    Warm,
    /// Under 75: a conflict is on.
    Hot,
    /// 75 and above: a crisis.
    Critical,
}

impl Zone {
    /// The zone of a temperature in degrees.
    #[must_use]
    pub fn of(temperature: f64) -> Self {
        match temperature {
            t if t < 25.0 => Self::Calm,
            t if t < 50.0 => Self::Warm,
            t if t < 75.0 => Self::Hot,
            _ => Self::Critical,
        }
    }

    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Warm => "warm",
            Self::Hot => "hot",
            Self::Critical => "critical",
        }
    }

    /// Whether a conflict is on.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Hot | Self::Critical)
    }
}

/// Where the conflict stands. Dependants take the default, a calm zero, where the stage failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conflict {
    /// 0–100 degrees, at the conversation's last message.
    pub temperature: f64,
    /// Its zone.
    pub zone: Zone,
    /// Whether a conflict is on: hot or critical.
    pub active: bool,
    /// Whether this conversation ends the game.
    pub breakup: bool,
}

/// Begins the stage. Without `game_state` the score change counts as zero.
///
/// # Errors
/// None of its own.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let delta = context.findings.game_state.as_ref().map_or(Points::ZERO, |game| game.score_delta);
    let (conflict, effects) = if context.snapshot.conversation.earlier.is_none() {
        decide(&context.snapshot, delta)
    } else {
        // Its heat is in the temperature already, and so is the crisis that it may have been.
        let (conflict, _) = decide(&context.snapshot, Points::ZERO);
        (Conflict { breakup: false, ..conflict }, Vec::new())
    };
    Ok(Step::done(Output::Conflict(conflict), effects))
}

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Reason {
    #[serde(rename = "score_below_10")]
    Score,
    #[serde(rename = "above_90_for_48_hours")]
    Temperature,
    #[serde(rename = "three_crises")]
    Crises,
}

/// `users.conflict_details`, as far as this stage reads it. Whatever is not of its type counts as absent.
struct Stored {
    temperature: f64,
    updated_at: Option<DateTime<Utc>>,
    hot_since: Option<DateTime<Utc>>,
    above_90_since: Option<DateTime<Utc>>,
    crises: u64,
}

impl Stored {
    /// A time after `now` can't have been, and is absent too: it would hold the cooling up or date a conflict ahead.
    fn read(details: &Map<String, Value>, now: DateTime<Utc>) -> Self {
        let time = |name: &str| {
            let text = details.get(name)?.as_str()?;
            let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
            (time <= now).then_some(time)
        };
        Self {
            temperature: details.get("temperature").and_then(Value::as_f64).map_or(0.0, degrees),
            updated_at: time("updated_at"),
            hot_since: time("hot_since"),
            above_90_since: time("above_90_since"),
            crises: details.get("consecutive_crises").and_then(Value::as_u64).unwrap_or(0),
        }
    }
}

fn decide(snapshot: &Snapshot, delta: Points) -> (Conflict, Vec<Effect>) {
    let mut details = match &snapshot.player.conflict_details {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    let stored = Stored::read(&details, snapshot.now);
    // Never before what is stored: an old conversation that comes late must not undo the cooling since.
    let at = snapshot.conversation.last_message_at.min(snapshot.now);
    let at = stored.updated_at.map_or(at, |updated| at.max(updated));

    let cooled = degrees(
        stored.temperature
            - COOLING_PER_HOUR * hours(stored.updated_at.map_or(TimeDelta::zero(), |updated| at - updated)),
    );
    let temperature = degrees(cooled + heat(delta));
    let zone = Zone::of(temperature);
    let was_active = Zone::of(cooled).is_active();
    let hot_since = zone.is_active().then(|| stored.hot_since.filter(|_| was_active).unwrap_or(at));
    let above_90_since =
        (temperature > UNBEARABLE).then(|| stored.above_90_since.filter(|_| cooled > UNBEARABLE).unwrap_or(at));
    let crises = if zone == Zone::Critical { stored.crises.saturating_add(1) } else { 0 };

    let above_90_for = above_90_since.map(|since| at - since);
    let is_active_game = snapshot.player.game_status == GameStatus::Active;
    let reason = if !is_active_game {
        None
    } else if snapshot.player.score < LEAST_SCORE {
        Some(Reason::Score)
    } else if above_90_for.is_some_and(|length| length > BEARABLE_FOR) {
        Some(Reason::Temperature)
    } else if crises >= MOST_CRISES {
        Some(Reason::Crises)
    } else {
        None
    };

    details.insert("temperature".to_owned(), json!(temperature));
    details.insert("zone".to_owned(), json!(zone));
    details.insert("updated_at".to_owned(), json!(timestamp(at)));
    details.insert("consecutive_crises".to_owned(), json!(crises));
    set_or_remove(&mut details, "hot_since", hot_since.map(|since| json!(timestamp(since))));
    set_or_remove(&mut details, "above_90_since", above_90_since.map(|since| json!(timestamp(since))));
    if is_active_game {
        set_or_remove(&mut details, "breakup", reason.map(|reason| json!(reason)));
    }

    let mut effects = vec![Effect::Conflict {
        details: Value::Object(details),
        began_at: (zone.is_active() && !was_active).then_some(at),
    }];
    if let Some(reason) = reason {
        effects.push(Effect::EndGame {
            event_type: "conflict_breakup".to_owned(),
            details: json!({
                "reason": reason,
                "score": snapshot.player.score,
                "temperature": temperature,
                "zone": zone,
                "consecutive_crises": crises,
                "hours_above_90": above_90_for.map_or(0.0, |length| (hours(length) * 100.0).round() / 100.0),
                "conversation_id": snapshot.conversation.id,
            }),
        });
    }
    (Conflict { temperature, zone, active: zone.is_active(), breakup: reason.is_some() }, effects)
}

/// Degrees that a score change adds; negative where it takes some off.
fn heat(delta: Points) -> f64 {
    if delta < Points::ZERO {
        let lost = Points::ZERO - delta;
        let extra = if lost > HARD_LOSS { HARD_LOSS_HEAT } else { 0.0 };
        lost.as_f64() * HEAT_PER_POINT + extra
    } else {
        -delta.as_f64() * RELIEF_PER_POINT
    }
}

/// Into 0–100, and to hundredths, so that the stored number and its zone agree when they are read again.
fn degrees(temperature: f64) -> f64 {
    (temperature.clamp(0.0, 100.0) * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are exact in an f64")]
fn hours(length: TimeDelta) -> f64 {
    length.num_milliseconds() as f64 / 3_600_000.0
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn set_or_remove(details: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => details.insert(name.to_owned(), value),
        None => details.remove(name),
    };
}
