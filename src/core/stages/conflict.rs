//! conflict: the temperature between the two, and whether they break up.
//!
//! ```text
//!        cools 0.5 per hour           -Δ heats 1.5 per point, +5 over 3 points
//!   calm ◀──────────────── warm ◀── hot ──▶ critical        +Δ cools 0.5 per point
//!   0      25              50       75      100 degrees
//! ```
//!
//! If the application heats the conflict itself, [`beside`] applies instead.
//!
//! Time is that of the conversation's last message, not of the run. So a backlog cools between its conversations as if each had
//! been processed at once, and an outage of ours causes no breakup.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use details::{COOLING_PER_HOUR, Details, LEAST_SCORE, MOST_CRISES, Reason, degrees, end, hours, timestamp};

use super::outputs::{Conflict, Output, Zone};
use super::step::{Context, StageError, Step};
use crate::core::settings::ConflictKeeper;
use crate::domain::effect::Effect;
use crate::domain::player::GameStatus;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

mod beside;
mod details;
#[cfg(test)]
mod tests;

/// Degrees for each point lost.
const HEAT_PER_POINT: f64 = 1.5;
/// Additional degrees for a loss over [`HARD_LOSS`].
const HARD_LOSS_HEAT: f64 = 5.0;
/// The largest mild loss.
const HARD_LOSS: Points = Points::whole(3);
/// Degrees less for each point won.
const RELIEF_PER_POINT: f64 = 0.5;
/// Degrees above which the 48 hours run.
const UNBEARABLE: f64 = 90.0;
/// How long the temperature can stay above [`UNBEARABLE`].
const BEARABLE_FOR: TimeDelta = TimeDelta::hours(48);

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
        // The temperature and the crises already include this conversation.
        let (conflict, _) = decide(Points::ZERO);
        (Conflict { breakup: false, ..conflict }, Vec::new())
    };
    Ok(Step::done(Output::Conflict(conflict), effects))
}

/// The fields of `users.conflict_details` that this stage reads. A field of the wrong type counts as absent.
struct Stored {
    temperature: f64,
    updated_at: Option<DateTime<Utc>>,
    hot_since: Option<DateTime<Utc>>,
    above_90_since: Option<DateTime<Utc>>,
    crises: u64,
}

impl Stored {
    /// A time after `now` counts as absent too: it would delay the cooling or date a conflict in the future.
    fn read(details: &Details, now: DateTime<Utc>) -> Self {
        let time = |name: &str| details.time(name).filter(|time| *time <= now);
        Self {
            temperature: details.fields.get("temperature").and_then(Value::as_f64).map_or(0.0, degrees),
            // Our earlier versions wrote `updated_at`.
            updated_at: time("last_temp_update").or_else(|| time("updated_at")),
            hot_since: time("hot_since"),
            above_90_since: time("above_90_since"),
            crises: details.crises(),
        }
    }
}

fn decide(snapshot: &Snapshot, details: &Details, delta: Points) -> (Conflict, Vec<Effect>) {
    let stored = Stored::read(details, snapshot.now);
    // Never before the stored time: an old conversation that is processed late must not undo the cooling since.
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

/// The degrees that a score change adds; can be negative.
fn heat(delta: Points) -> f64 {
    if delta < Points::ZERO {
        let lost = Points::ZERO - delta;
        let extra = if lost > HARD_LOSS { HARD_LOSS_HEAT } else { 0.0 };
        lost.as_f64() * HEAT_PER_POINT + extra
    } else {
        -delta.as_f64() * RELIEF_PER_POINT
    }
}
