//! A quiet player at a known hour, for the stages' tests to vary.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Context, Decision, Findings, Step};
use crate::core::prompt::PromptTemplate;
use crate::core::settings::StageSettings;
use crate::domain::conversation::Conversation;
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::{LifeEvent, MoodDelta};
use crate::domain::player::{GameStatus, Metrics, Player};
use crate::domain::points::Points;
use crate::domain::snapshot::{Snapshot, Touchpoints};

/// Reads RFC 3339.
pub fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Wednesday 2026-03-04, 12:00 UTC, five minutes after the conversation; chapter 1, score 50, everything else empty.
pub fn snapshot() -> Snapshot {
    Snapshot {
        now: at("2026-03-04T12:00:00Z"),
        conversation: Conversation {
            id: ConversationId(Uuid::from_u128(0xC0)),
            platform: "telegram".to_owned(),
            messages: json!([]),
            started_at: at("2026-03-04T11:30:00Z"),
            last_message_at: at("2026-03-04T11:55:00Z"),
            score_delta: None,
        },
        player: Player {
            id: UserId(Uuid::from_u128(0xA0)),
            telegram_id: Some(1),
            score: Points::whole(50),
            chapter: 1,
            game_status: GameStatus::Active,
            last_interaction_at: Some(at("2026-03-04T11:55:00Z")),
            notifications_enabled: true,
            timezone: "UTC".to_owned(),
            days_played: 3,
            conflict_details: None,
            last_conflict_at: None,
        },
        metrics: Metrics::default(),
        vices: Vec::new(),
        engagement_state: None,
        facts: Vec::new(),
        threads: Vec::new(),
        thoughts: Vec::new(),
        life_events: Vec::new(),
        mood: None,
        touchpoints: Touchpoints::default(),
        days: Vec::new(),
        decay: Vec::new(),
        recent_summaries: Vec::new(),
    }
}

/// An event of 2026-03-04 with some impact.
pub fn event(id: u128, importance: f64, description: &str) -> LifeEvent {
    LifeEvent {
        id: Uuid::from_u128(id),
        date: at("2026-03-04T12:00:00Z").date_naive(),
        time_of_day: "morning".to_owned(),
        domain: "social".to_owned(),
        event_type: "coffee_with_friend".to_owned(),
        description: description.to_owned(),
        emotional_impact: MoodDelta { valence: 0.1, ..MoodDelta::default() },
        importance,
    }
}

/// What a stage gets.
pub fn context(snapshot: Snapshot, findings: Findings) -> Context {
    Context {
        snapshot: Arc::new(snapshot),
        findings: Arc::new(findings),
        settings: Arc::new(StageSettings {
            duplicate_similarity: StageSettings::DUPLICATE_SIMILARITY,
            transcript_budget: StageSettings::TRANSCRIPT_BUDGET,
            template: PromptTemplate::shipped().unwrap(),
        }),
    }
}

/// The decision of a stage that asks nothing.
pub fn decided(step: Step) -> Decision {
    match step {
        Step::Done(decision) => *decision,
        Step::Ask(asks, _) => panic!("asks {asks:?}"),
    }
}
