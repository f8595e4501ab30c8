//! The rows of the snapshot's statements, as columns or as JSON lists of text.

use serde::Deserialize;

use crate::store::codec::{DbDate, DbId, DbJson, DbPoints, DbTime};
use crate::store::read::{Read, row};

row! {
    pub(super) struct ConversationRow {
        pub id: Read<DbId>,
        pub platform: Read<String>,
        pub messages: Read<DbJson>,
        pub transcript_raw: Read<String>,
        pub started_at: Read<DbTime>,
        pub ended_at: Read<DbTime>,
        pub last_message_at: Read<DbTime>,
        pub score_delta: Read<DbPoints>,
        pub processed_at: Read<DbTime>,
        pub conversation_summary: Read<String>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct PlayerRow {
        pub id: Read<DbId>,
        pub telegram_id: Read<i64>,
        pub relationship_score: Read<DbPoints>,
        pub chapter: Read<i32>,
        pub game_status: Read<String>,
        pub last_interaction_at: Read<DbTime>,
        pub notifications_enabled: Read<bool>,
        pub timezone: Read<String>,
        pub days_played: Read<i32>,
        pub created_at: Read<DbTime>,
        pub conflict_details: Read<DbJson>,
        pub last_conflict_at: Read<DbTime>,
        pub engagement_state: Read<String>,
        pub intimacy: Read<f64>,
        pub passion: Read<f64>,
        pub trust: Read<f64>,
        pub secureness: Read<f64>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct LifeEventRow {
        pub user_id: Read<DbId>,
        pub event_id: Read<DbId>,
        pub date: Read<DbDate>,
        pub time_of_day: Read<String>,
        pub domain: Read<String>,
        pub event_type: Read<String>,
        pub description: Read<String>,
        pub emotional_impact: Read<DbJson>,
        pub importance: Read<f64>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct DayRow {
        pub user_id: Read<DbId>,
        pub day: Read<DbDate>,
        pub score_start: Read<DbPoints>,
        pub score_end: Read<DbPoints>,
        pub conversations_count: Read<i32>,
        pub summary_text: Read<String>,
        pub key_moments: Read<DbJson>,
        pub emotional_tone: Read<String>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct TouchpointRow {
        pub user_id: Read<DbId>,
        pub trigger_context: Read<DbJson>,
        pub delivered: Read<bool>,
        pub skipped: Read<bool>,
        pub delivery_at: Read<DbTime>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct ViceRow {
        pub user_id: Read<DbId>,
        pub category: Read<String>,
        pub intensity_level: Read<i32>,
        pub score: Read<f64>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct FactRow {
        pub user_id: Read<DbId>,
        pub id: Read<DbId>,
        pub graph_type: Read<String>,
        pub fact: Read<String>,
        pub unsupported: Read<bool>,
        pub learned_at: Read<DbTime>,
    }
}

row! {
    /// A thread or a thought.
    #[derive(Deserialize)]
    pub(super) struct NoteRow {
        pub user_id: Read<DbId>,
        pub kind: Read<String>,
        pub content: Read<String>,
        pub noted_at: Read<DbTime>,
    }
}

row! {
    #[derive(Clone, Copy, Deserialize)]
    pub(super) struct MoodRow {
        pub user_id: Read<DbId>,
        pub arousal: Read<f64>,
        pub valence: Read<f64>,
        pub dominance: Read<f64>,
        pub intimacy: Read<f64>,
    }
}

row! {
    #[derive(Clone, Copy, Deserialize)]
    pub(super) struct DecayRow {
        pub user_id: Read<DbId>,
        pub recorded_at: Read<DbTime>,
        pub amount: Read<DbPoints>,
    }
}

row! {
    #[derive(Deserialize)]
    pub(super) struct SummaryRow {
        pub user_id: Read<DbId>,
        pub summary: Read<String>,
    }
}
