//! `users.conflict_details`, and what both rules of the stage share.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::core::stages::outputs::Zone;
use crate::domain::effect::{ConflictChange, Effect};
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

/// Degrees of cooling per hour (spec 04).
pub(super) const COOLING_PER_HOUR: f64 = 0.5;
/// How many crises in a row end the game.
pub(super) const MOST_CRISES: u64 = 3;
/// The score below which the game ends.
pub(super) const LEAST_SCORE: Points = Points::whole(10);

/// `users.conflict_details` as it was read.
pub(super) struct Details {
    /// Its fields; empty if it is not an object.
    pub(super) fields: Map<String, Value>,
    /// The value, if it is neither an object nor null.
    pub(super) odd: Option<Value>,
}

impl Details {
    /// Reads an object, or a string that contains the object, as some versions of the application write it.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        match snapshot.player.conflict_details.clone() {
            None | Some(Value::Null) => Self { fields: Map::new(), odd: None },
            Some(Value::Object(fields)) => Self { fields, odd: None },
            Some(other) => {
                let inside = other.as_str().and_then(|text| serde_json::from_str(text).ok());
                Self { fields: inside.unwrap_or_default(), odd: Some(other) }
            }
        }
    }

    /// The effect that replaces these fields.
    pub(super) fn change(&self, fields: Map<String, Value>, zone: Zone, began_at: Option<DateTime<Utc>>) -> Effect {
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

    /// A time with an offset; without one, UTC.
    pub(super) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.fields.get(name)?.as_str()?;
        let naive = || text.parse::<NaiveDateTime>().map(|it| it.and_utc());
        DateTime::parse_from_rfc3339(text).map(|it| it.to_utc()).or_else(|_| naive()).ok()
    }

    pub(super) fn crises(&self) -> u64 {
        self.fields.get("consecutive_crises").and_then(Value::as_u64).unwrap_or(0)
    }
}

/// Why the game ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Reason {
    #[serde(rename = "score_below_10")]
    Score,
    #[serde(rename = "above_90_for_48_hours")]
    Temperature,
    #[serde(rename = "three_crises")]
    Crises,
}

pub(super) fn end(
    snapshot: &Snapshot,
    reason: Reason,
    temperature: f64,
    crises: u64,
    above_90_for: Option<TimeDelta>,
) -> Effect {
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

/// Clamped to 0–100 and rounded to hundredths, so that the stored number and its zone agree when they are read again.
pub(super) fn degrees(temperature: f64) -> f64 {
    (temperature.clamp(0.0, 100.0) * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are exact in an f64")]
pub(super) fn hours(length: TimeDelta) -> f64 {
    length.num_milliseconds() as f64 / 3_600_000.0
}

/// With `+00:00`, as the application writes it: its older versions can't read `Z`.
pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}
