//! conflict: the temperature between them, and whether it breaks them up.
//!
//! ```text
//!        cools 0.5 an hour            -Δ heats 1.5 a point, +5 over 3 points
//!   calm ◀──────────────── warm ◀── hot ──▶ critical        +Δ takes 0.5 a point
//!   0      25              50       75      100 degrees
//! ```
//!
//! Where the application keeps the heat itself, [`beside`] holds instead.
//!
//! The clock of the rule is the conversation's last message, not the hour of the run: a backlog worked off in one night
//! cools between its conversations like one that was processed at once, so that an outage of ours breaks nobody up.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Context, Output, StageError, Step};
use crate::core::settings::ConflictKeeper;
use crate::domain::effect::{ConflictChange, Effect};
use crate::domain::player::GameStatus;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

mod beside;
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

    /// The application's word for her state in such a conflict: `nikita_emotional_states.conflict_state`. It sends nothing of her own
    /// account unless that is `none`.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Calm | Self::Warm => "none",
            Self::Hot => "cold",
            Self::Critical => "explosive",
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
    let (snapshot, settings) = (&context.snapshot, &context.settings);
    let details = Details::of(snapshot);
    let of_the_application = match settings.conflict {
        ConflictKeeper::Auto => details.fields.contains_key("gottman_target"),
        ConflictKeeper::Application => true,
        ConflictKeeper::Own => false,
    };
    let decide = |delta| {
        if of_the_application {
            beside::cool(snapshot, &details, settings.breakup)
        } else {
            decide(snapshot, &details, delta)
        }
    };
    let (conflict, effects) = if snapshot.conversation.earlier.is_none() {
        decide(delta)
    } else {
        // Its heat is in the temperature already, and so is the crisis that it may have been.
        let (conflict, _) = decide(Points::ZERO);
        (Conflict { breakup: false, ..conflict }, Vec::new())
    };
    Ok(Step::done(Output::Conflict(conflict), effects))
}

/// `users.conflict_details` as it was read.
struct Details {
    /// Its fields; none where it is no object.
    fields: Map<String, Value>,
    /// What stands there, where it is neither an object nor null.
    odd: Option<Value>,
}

impl Details {
    /// An object, or a text with the object inside, which some versions of the application have written.
    fn of(snapshot: &Snapshot) -> Self {
        match snapshot.player.conflict_details.clone() {
            None | Some(Value::Null) => Self { fields: Map::new(), odd: None },
            Some(Value::Object(fields)) => Self { fields, odd: None },
            Some(other) => {
                let inside = other.as_str().and_then(|text| serde_json::from_str(text).ok());
                Self { fields: inside.unwrap_or_default(), odd: Some(other) }
            }
        }
    }

    /// These fields in the place of those that were read.
    fn change(&self, fields: Map<String, Value>, zone: Zone, began_at: Option<DateTime<Utc>>) -> Effect {
        let seen = self.fields.get("last_temp_update").filter(|it| !it.is_null());
        let whole = || {
            let mut whole = self.fields.clone();
            whole.extend(fields.clone());
            whole.retain(|name, value| !(value.is_null() && fields.contains_key(name)));
            whole
        };
        Effect::Conflict(ConflictChange {
            seen: seen.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)),
            replaces: self.odd.clone().map(|odd| (odd, whole())),
            fields,
            state: zone.state(),
            began_at,
        })
    }

    /// A time, with its offset or in UTC.
    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.fields.get(name)?.as_str()?;
        let naive = || text.parse::<NaiveDateTime>().map(|it| it.and_utc());
        DateTime::parse_from_rfc3339(text).map(|it| it.to_utc()).or_else(|_| naive()).ok()
    }

    fn crises(&self) -> u64 {
        self.fields.get("consecutive_crises").and_then(Value::as_u64).unwrap_or(0)
    }
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
    fn read(details: &Details, now: DateTime<Utc>) -> Self {
        let time = |name: &str| details.time(name).filter(|time| *time <= now);
        Self {
            temperature: details.fields.get("temperature").and_then(Value::as_f64).map_or(0.0, degrees),
            // The second is what earlier versions of ours have written.
            updated_at: time("last_temp_update").or_else(|| time("updated_at")),
            hot_since: time("hot_since"),
            above_90_since: time("above_90_since"),
            crises: details.crises(),
        }
    }
}

fn decide(snapshot: &Snapshot, details: &Details, delta: Points) -> (Conflict, Vec<Effect>) {
    let stored = Stored::read(details, snapshot.now);
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

    let mut fields = Map::from_iter([
        ("temperature".to_owned(), json!(temperature)),
        ("zone".to_owned(), json!(zone)),
        ("last_temp_update".to_owned(), json!(timestamp(at))),
        ("updated_at".to_owned(), Value::Null),
        ("consecutive_crises".to_owned(), json!(crises)),
        ("hot_since".to_owned(), json!(hot_since.map(timestamp))),
        ("above_90_since".to_owned(), json!(above_90_since.map(timestamp))),
    ]);
    if is_active_game {
        fields.insert("breakup".to_owned(), json!(reason));
    }
    let mut effects = vec![details.change(fields, zone, (zone.is_active() && !was_active).then_some(at))];
    effects.extend(reason.map(|reason| end(snapshot, reason, temperature, crises, above_90_for)));
    (Conflict { temperature, zone, active: zone.is_active(), breakup: reason.is_some() }, effects)
}

fn end(snapshot: &Snapshot, reason: Reason, temperature: f64, crises: u64, above_90_for: Option<TimeDelta>) -> Effect {
    Effect::EndGame {
        event_type: "conflict_breakup".to_owned(),
        details: json!({
            "reason": reason,
            "score": snapshot.player.score,
            "temperature": temperature,
            "zone": Zone::of(temperature),
            "consecutive_crises": crises,
            "hours_above_90": above_90_for.map_or(0.0, |length| (hours(length) * 100.0).round() / 100.0),
            "conversation_id": snapshot.conversation.id,
        }),
    }
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

/// With `+00:00`, as the application writes it: the older of its readers know no `Z`.
fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}
