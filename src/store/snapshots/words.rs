//! Converts rows into domain types. An unreadable value is replaced by a default, if it has one; otherwise its row is passed over.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::rows::{
    ConversationRow, DayRow, DecayRow, FactRow, LifeEventRow, MoodRow, NoteRow, PlayerRow, SummaryRow, TouchpointRow,
    ViceRow,
};
use crate::domain::conversation::{Conversation, Earlier};
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::{Day, Fact, LifeEvent, Mood, MoodDelta, Note};
use crate::domain::player::{GameStatus, Metrics, Player, Vice};
use crate::domain::points::Points;
use crate::domain::snapshot::Touchpoints;
use crate::store::read::{Oddities, Oddity, Read};

/// The score of a player whose own can't be read: the middle, at which no rule takes or gives anything.
const UNKNOWN_SCORE: Points = Points::whole(50);

/// A player's value; none if its row is passed over.
type Of<T> = Option<(Uuid, T)>;

pub(super) fn conversation(row: ConversationRow, odd: &mut Oddities) -> Of<Conversation> {
    let id = odd.need("conversations.id", row.id)?.0;
    let started_at = odd.some("conversations.started_at", row.started_at).map(|at| at.0);
    let ended_at = odd.some("conversations.ended_at", row.ended_at).map(|at| at.0);
    let last_message_at = odd.some("conversations.last_message_at", row.last_message_at).map(|at| at.0);
    let latest = last_message_at.or(ended_at).or(started_at).unwrap_or_default();
    let was_processed = !matches!(row.processed_at.0, Err(Oddity::Null));
    let earlier = Earlier { summary: odd.some("conversations.conversation_summary", row.conversation_summary) };
    let conversation = Conversation {
        id: ConversationId(id),
        platform: odd.some("conversations.platform", row.platform).unwrap_or_default(),
        // Unreadable JSON becomes null, which the pipeline refuses as an invalid transcript.
        messages: odd.some("conversations.messages", row.messages).map_or(Value::Null, |it| it.0),
        transcript_raw: odd.some("conversations.transcript_raw", row.transcript_raw),
        started_at: started_at.unwrap_or(latest),
        last_message_at: latest,
        score_delta: odd.some("conversations.score_delta", row.score_delta).map(|it| it.0),
        earlier: was_processed.then_some(earlier),
    };
    Some((id, conversation))
}

/// A player with the other values of the same row.
pub(super) type PlayerWords = (Player, Metrics, Option<String>);

pub(super) fn player(row: PlayerRow, odd: &mut Oddities) -> Of<PlayerWords> {
    let usual = Metrics::default();
    let metrics = Metrics {
        intimacy: odd.number("user_metrics.intimacy", row.intimacy).unwrap_or(usual.intimacy),
        passion: odd.number("user_metrics.passion", row.passion).unwrap_or(usual.passion),
        trust: odd.number("user_metrics.trust", row.trust).unwrap_or(usual.trust),
        secureness: odd.number("user_metrics.secureness", row.secureness).unwrap_or(usual.secureness),
    };
    let id = odd.need("users.id", row.id)?.0;
    let player = Player {
        id: UserId(id),
        telegram_id: odd.some("users.telegram_id", row.telegram_id),
        score: odd.some("users.relationship_score", row.relationship_score).map_or(UNKNOWN_SCORE, |it| it.0),
        chapter: odd.some("users.chapter", row.chapter).unwrap_or_default(),
        game_status: GameStatus::read(&odd.some("users.game_status", row.game_status).unwrap_or_default()),
        last_interaction_at: odd.some("users.last_interaction_at", row.last_interaction_at).map(|at| at.0),
        notifications_enabled: odd.some("users.notifications_enabled", row.notifications_enabled).unwrap_or_default(),
        timezone: odd.some("users.timezone", row.timezone).unwrap_or_default(),
        days_played: odd.some("users.days_played", row.days_played).unwrap_or_default(),
        created_at: odd.some("users.created_at", row.created_at).map(|at| at.0),
        conflict_details: odd.some("users.conflict_details", row.conflict_details).map(|it| it.0),
        last_conflict_at: odd.some("users.last_conflict_at", row.last_conflict_at).map(|at| at.0),
    };
    let engagement_state = odd.some("engagement_state.state", row.engagement_state);
    Some((id, (player, metrics, engagement_state)))
}

pub(super) fn vice(row: ViceRow, odd: &mut Oddities) -> Of<Vice> {
    let user = odd.need("user_vice_preferences.user_id", row.user_id)?.0;
    let vice = Vice {
        category: odd.some("user_vice_preferences.category", row.category).unwrap_or_default(),
        intensity_level: odd.some("user_vice_preferences.intensity_level", row.intensity_level).unwrap_or(1),
        engagement_score: odd.number("user_vice_preferences.engagement_score", row.score).unwrap_or_default(),
    };
    Some((user, vice))
}

pub(super) fn fact(row: FactRow, odd: &mut Oddities) -> Of<Fact> {
    let user = odd.need("memory_facts.user_id", row.user_id)?.0;
    let fact = Fact {
        id: odd.need("memory_facts.id", row.id)?.0,
        graph_type: odd.some("memory_facts.graph_type", row.graph_type).unwrap_or_default(),
        fact: odd.need("memory_facts.fact", row.fact)?,
        unsupported: row.unsupported.ok().unwrap_or_default(),
        created_at: odd.some("memory_facts.created_at", row.learned_at).map(|at| at.0),
    };
    Some((user, fact))
}

/// Reads a note. `columns` name its kind, its content and its time, for the log.
pub(super) fn note(row: NoteRow, columns: [&'static str; 3], odd: &mut Oddities) -> Of<Note> {
    let user = odd.need(columns[0], Read(row.user_id.0))?.0;
    let note = Note {
        kind: odd.some(columns[0], row.kind).unwrap_or_default(),
        content: odd.need(columns[1], row.content)?,
        created_at: odd.some(columns[2], row.noted_at).map(|at| at.0),
    };
    Some((user, note))
}

pub(super) fn life_event(row: LifeEventRow, odd: &mut Oddities) -> Of<LifeEvent> {
    let user = odd.need("nikita_life_events.user_id", row.user_id)?.0;
    let impact = odd.some("nikita_life_events.emotional_impact", row.emotional_impact);
    let event = LifeEvent {
        id: odd.need("nikita_life_events.event_id", row.event_id)?.0,
        date: odd.need("nikita_life_events.event_date", row.date)?.0,
        time_of_day: odd.some("nikita_life_events.time_of_day", row.time_of_day).unwrap_or_default(),
        domain: odd.some("nikita_life_events.domain", row.domain).unwrap_or_default(),
        event_type: odd.some("nikita_life_events.event_type", row.event_type).unwrap_or_default(),
        description: odd.some("nikita_life_events.description", row.description).unwrap_or_default(),
        emotional_impact: impact.map(|it| read_impact(&it.0)).unwrap_or_default(),
        importance: odd.number("nikita_life_events.importance", row.importance).unwrap_or(0.5),
    };
    Some((user, event))
}

/// Reads an impact by the application's names, or by those of our older rows. A value that is not a number counts as zero.
fn read_impact(impact: &Value) -> MoodDelta {
    let side = |name: &str, most: f64| {
        let number = impact.get(format!("{name}_delta")).or_else(|| impact.get(name)).and_then(Value::as_f64);
        number.unwrap_or_default().clamp(-most, most)
    };
    MoodDelta {
        arousal: side("arousal", 0.3),
        valence: side("valence", 0.3),
        dominance: side("dominance", 0.2),
        intimacy: side("intimacy", 0.1),
    }
}

pub(super) fn mood(row: MoodRow, odd: &mut Oddities) -> Of<Mood> {
    let usual = Mood::default();
    let user = odd.need("nikita_emotional_states.user_id", row.user_id)?.0;
    let mood = Mood {
        arousal: odd.number("nikita_emotional_states.arousal", row.arousal).unwrap_or(usual.arousal),
        valence: odd.number("nikita_emotional_states.valence", row.valence).unwrap_or(usual.valence),
        dominance: odd.number("nikita_emotional_states.dominance", row.dominance).unwrap_or(usual.dominance),
        intimacy: odd.number("nikita_emotional_states.intimacy", row.intimacy).unwrap_or(usual.intimacy),
    };
    Some((user, mood))
}

pub(super) fn touchpoints(rows: Vec<TouchpointRow>, odd: &mut Oddities) -> HashMap<Uuid, Touchpoints> {
    let mut all: HashMap<Uuid, Touchpoints> = HashMap::new();
    for row in rows {
        let Some(user) = odd.need("scheduled_touchpoints.user_id", row.user_id) else { continue };
        let known = all.entry(user.0).or_default();
        let delivered = odd.some("scheduled_touchpoints.delivered", row.delivered).unwrap_or_default();
        let skipped = odd.some("scheduled_touchpoints.skipped", row.skipped).unwrap_or_default();
        known.pending |= !delivered && !skipped;
        let delivery_at = odd.need("scheduled_touchpoints.delivery_at", row.delivery_at).map(|at| at.0);
        if delivered {
            known.last_delivered_at = known.last_delivered_at.max(delivery_at);
        }
        let context = odd.some("scheduled_touchpoints.trigger_context", row.trigger_context);
        let event = context.and_then(|it| it.0.get("event_id")?.as_str()?.parse::<Uuid>().ok());
        known.used_events.extend(event);
    }
    all
}

pub(super) fn day(row: DayRow, odd: &mut Oddities) -> Of<Day> {
    let user = odd.need("daily_summaries.user_id", row.user_id)?.0;
    let moments = odd.some("daily_summaries.key_moments", row.key_moments);
    let day = Day {
        date: odd.need("daily_summaries.date", row.day)?.0,
        score_start: odd.some("daily_summaries.score_start", row.score_start).map(|it| it.0),
        score_end: odd.some("daily_summaries.score_end", row.score_end).map(|it| it.0),
        conversations_count: odd
            .some("daily_summaries.conversations_count", row.conversations_count)
            .unwrap_or_default(),
        summary_text: odd.some("daily_summaries.summary_text", row.summary_text),
        key_moments: moments.map(|it| texts(&it.0)).unwrap_or_default(),
        emotional_tone: odd.some("daily_summaries.emotional_tone", row.emotional_tone),
    };
    Some((user, day))
}

/// The texts of a list; other values are ignored.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|it| Some(it.as_str()?.to_owned())).collect()
}

pub(super) fn decay(row: DecayRow, odd: &mut Oddities) -> Of<(DateTime<Utc>, Points)> {
    let user = odd.need("score_history.user_id", row.user_id)?.0;
    let at = odd.need("score_history.recorded_at", row.recorded_at)?.0;
    Some((user, (at, odd.some("score_history.event_details", row.amount).map_or(Points::ZERO, |it| it.0))))
}

pub(super) fn summary(row: SummaryRow, odd: &mut Oddities) -> Of<String> {
    let user = odd.need("conversations.user_id", row.user_id)?.0;
    Some((user, odd.need("conversations.conversation_summary", row.summary)?))
}
