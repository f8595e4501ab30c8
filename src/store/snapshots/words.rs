//! From rows to the domain's words.

use std::collections::HashMap;

use uuid::Uuid;

use super::rows::{DayRow, FactRow, LifeEventRow, MoodRow, NoteRow, PlayerRow, TouchpointRow, ViceRow};
use crate::domain::ids::UserId;
use crate::domain::memory::{Day, Fact, LifeEvent, Mood, MoodDelta, Note};
use crate::domain::player::{GameStatus, Metrics, Player, Vice};
use crate::domain::points::Points;
use crate::domain::snapshot::Touchpoints;
use crate::store::codec::DbId;

/// The score of a player whose row holds none: the middle, at which no rule takes or gives anything.
const UNKNOWN_SCORE: Points = Points::whole(50);

pub(super) fn player(row: PlayerRow) -> (Uuid, (Player, Metrics, Option<String>)) {
    let usual = Metrics::default();
    let metrics = Metrics {
        intimacy: row.intimacy.unwrap_or(usual.intimacy),
        passion: row.passion.unwrap_or(usual.passion),
        trust: row.trust.unwrap_or(usual.trust),
        secureness: row.secureness.unwrap_or(usual.secureness),
    };
    let player = Player {
        id: UserId(row.id.0),
        telegram_id: row.telegram_id,
        score: row.relationship_score.map_or(UNKNOWN_SCORE, |it| it.0),
        chapter: row.chapter.unwrap_or_default(),
        game_status: GameStatus::read(row.game_status.as_deref().unwrap_or_default()),
        last_interaction_at: row.last_interaction_at.map(|at| at.0),
        notifications_enabled: row.notifications_enabled.unwrap_or_default(),
        timezone: row.timezone.unwrap_or_default(),
        days_played: row.days_played.unwrap_or_default(),
        conflict_details: row.conflict_details.map(|it| it.0),
        last_conflict_at: row.last_conflict_at.map(|at| at.0),
    };
    (row.id.0, (player, metrics, row.engagement_state))
}

pub(super) fn vice(row: ViceRow) -> (DbId, Vice) {
    let ViceRow { user_id, category, intensity_level, engagement_score } = row;
    (user_id, Vice { category, intensity_level, engagement_score: engagement_score.unwrap_or_default() })
}

pub(super) fn fact(row: FactRow) -> (DbId, Fact) {
    let FactRow { user_id, id, graph_type, fact, created_at } = row;
    (user_id, Fact { id: id.0, graph_type, fact, created_at: created_at.0 })
}

pub(super) fn note(row: NoteRow) -> (DbId, Note) {
    let NoteRow { user_id, kind, content, created_at } = row;
    (user_id, Note { kind, content, created_at: created_at.0 })
}

pub(super) fn life_event(row: LifeEventRow) -> (DbId, LifeEvent) {
    let impact = row.emotional_impact.and_then(|it| serde_json::from_value::<MoodDelta>(it.0).ok());
    let event = LifeEvent {
        id: row.event_id.0,
        date: row.event_date.0,
        time_of_day: row.time_of_day,
        domain: row.domain,
        event_type: row.event_type,
        description: row.description,
        emotional_impact: impact.unwrap_or_default(),
        importance: row.importance,
    };
    (row.user_id, event)
}

pub(super) fn mood(row: &MoodRow) -> (Uuid, Mood) {
    let MoodRow { user_id, arousal, valence, dominance, intimacy } = *row;
    (user_id.0, Mood { arousal, valence, dominance, intimacy })
}

pub(super) fn touchpoints(rows: Vec<TouchpointRow>) -> HashMap<Uuid, Touchpoints> {
    let mut all: HashMap<Uuid, Touchpoints> = HashMap::new();
    for row in rows {
        let known = all.entry(row.user_id.0).or_default();
        known.pending |= row.pending;
        if row.delivered {
            known.last_delivered_at = known.last_delivered_at.max(Some(row.delivery_at.0));
        }
        let event = row.trigger_context.as_ref().and_then(|it| it.0.get("event_id")?.as_str()?.parse::<Uuid>().ok());
        known.used_events.extend(event);
    }
    all
}

pub(super) fn day(row: DayRow) -> (DbId, Day) {
    let moments = row.key_moments.and_then(|it| serde_json::from_value(it.0).ok());
    let day = Day {
        date: row.date.0,
        score_start: row.score_start.map(|it| it.0),
        score_end: row.score_end.map(|it| it.0),
        conversations_count: row.conversations_count,
        summary_text: row.summary_text,
        key_moments: moments.unwrap_or_default(),
        emotional_tone: row.emotional_tone,
    };
    (row.user_id, day)
}
