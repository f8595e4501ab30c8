//! Rows as the snapshot's queries give them, column by column or as JSON. What another application may leave null is an [`Option`].

use serde::Deserialize;
use sqlx::FromRow;

use crate::store::codec::{DbDate, DbId, DbJson, DbPoints, DbTime};

#[derive(FromRow)]
pub(super) struct ConversationRow {
    pub id: DbId,
    pub user_id: DbId,
    pub platform: String,
    pub messages: Option<DbJson>,
    pub started_at: Option<DbTime>,
    pub ended_at: Option<DbTime>,
    pub last_message_at: Option<DbTime>,
    pub score_delta: Option<DbPoints>,
    pub processed_at: Option<DbTime>,
    pub conversation_summary: Option<String>,
}

#[derive(Deserialize, FromRow)]
pub(super) struct PlayerRow {
    pub id: DbId,
    pub telegram_id: Option<i64>,
    pub relationship_score: Option<DbPoints>,
    pub chapter: Option<i32>,
    pub game_status: Option<String>,
    pub last_interaction_at: Option<DbTime>,
    pub notifications_enabled: Option<bool>,
    pub timezone: Option<String>,
    pub days_played: Option<i32>,
    pub conflict_details: Option<DbJson>,
    pub last_conflict_at: Option<DbTime>,
    pub engagement_state: Option<String>,
    pub intimacy: Option<f64>,
    pub passion: Option<f64>,
    pub trust: Option<f64>,
    pub secureness: Option<f64>,
}

#[derive(Deserialize, FromRow)]
pub(super) struct LifeEventRow {
    pub user_id: DbId,
    pub event_id: DbId,
    pub event_date: DbDate,
    pub time_of_day: String,
    pub domain: String,
    pub event_type: String,
    pub description: String,
    pub emotional_impact: Option<DbJson>,
    pub importance: f64,
}

#[derive(Deserialize, FromRow)]
pub(super) struct DayRow {
    pub user_id: DbId,
    pub date: DbDate,
    pub score_start: Option<DbPoints>,
    pub score_end: Option<DbPoints>,
    pub conversations_count: i32,
    pub summary_text: Option<String>,
    pub key_moments: Option<DbJson>,
    pub emotional_tone: Option<String>,
}

#[derive(Deserialize, FromRow)]
pub(super) struct TouchpointRow {
    pub user_id: DbId,
    pub trigger_context: Option<DbJson>,
    pub pending: bool,
    pub delivered: bool,
    pub delivery_at: DbTime,
}

#[derive(Deserialize, FromRow)]
pub(super) struct ViceRow {
    pub user_id: DbId,
    pub category: String,
    pub intensity_level: i32,
    pub engagement_score: Option<f64>,
}

#[derive(Deserialize, FromRow)]
pub(super) struct FactRow {
    pub user_id: DbId,
    pub id: DbId,
    pub graph_type: String,
    pub fact: String,
    pub created_at: DbTime,
}

/// A thread, or a thought.
#[derive(Deserialize, FromRow)]
pub(super) struct NoteRow {
    pub user_id: DbId,
    pub kind: String,
    pub content: String,
    pub created_at: DbTime,
}

#[derive(Deserialize, FromRow)]
pub(super) struct MoodRow {
    pub user_id: DbId,
    pub arousal: f64,
    pub valence: f64,
    pub dominance: f64,
    pub intimacy: f64,
}

#[derive(Deserialize, FromRow)]
pub(super) struct DecayRow {
    pub user_id: DbId,
    pub recorded_at: DbTime,
    pub amount: Option<DbPoints>,
}

#[derive(Deserialize, FromRow)]
pub(super) struct SummaryRow {
    pub user_id: DbId,
    pub conversation_summary: String,
}
