//! The rule if the application heats the conflict with each message and counts crises itself: the stage only cools, so that no
//! message heats twice (spec 09, "Conflict").

use serde_json::{Map, Value, json};

use super::details::{COOLING_PER_HOUR, Details, LEAST_SCORE, MOST_CRISES, Reason, degrees, end, hours, timestamp};
use crate::core::stages::outputs::{Conflict, Zone};
use crate::domain::effect::Effect;
use crate::domain::player::GameStatus;
use crate::domain::snapshot::Snapshot;

/// Cools from `last_temp_update` to now. A game can end only if `breakup` is set. A temperature that is not a number, or a time in
/// the future, is left unchanged.
pub(super) fn cool(snapshot: &Snapshot, details: &Details, breakup: bool) -> (Conflict, Vec<Effect>) {
    let stored = match details.fields.get("temperature") {
        Some(Value::Number(it)) => it.as_f64(),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok().filter(|it| it.is_finite()),
        _ => None,
    };
    let Some(stored) = stored.map(degrees) else { return (Conflict::default(), Vec::new()) };
    let stands = |temperature| {
        let zone = Zone::of(temperature);
        Conflict { temperature, zone, active: zone.is_active(), breakup: false }
    };
    // If the time can't be read, cooling begins now.
    let since = details.time("last_temp_update").unwrap_or(snapshot.now);
    if since > snapshot.now {
        return (stands(stored), Vec::new());
    }
    let conflict = stands(degrees(stored - COOLING_PER_HOUR * hours(snapshot.now - since)));
    let fields = Map::from_iter([
        ("temperature".to_owned(), json!(conflict.temperature)),
        ("zone".to_owned(), json!(conflict.zone)),
        ("last_temp_update".to_owned(), json!(timestamp(snapshot.now))),
    ]);
    let crises = details.crises();
    let reason = match snapshot.player.game_status {
        GameStatus::Active if breakup && snapshot.player.score < LEAST_SCORE => Some(Reason::Score),
        GameStatus::Active if breakup && crises >= MOST_CRISES => Some(Reason::Crises),
        _ => None,
    };
    let mut effects = vec![details.change(fields, conflict.zone, None)];
    effects.extend(reason.map(|reason| end(snapshot, reason, conflict.temperature, crises, None)));
    (Conflict { breakup: reason.is_some(), ..conflict }, effects)
}
