//! The fixture of the stages' tests: an average player, so that a test states only what it is about.

pub mod quiet;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::outputs::Findings;
use super::step::{Context, Continuation, Decision, StageError, Step};
use crate::core::ask::Ask;
use crate::core::prompt::PromptTemplate;
use crate::core::settings::{ConflictKeeper, StageSettings};
use crate::domain::conversation::Conversation;
use crate::domain::ids::{ConversationId, UserId};
use crate::domain::memory::{LifeEvent, MoodDelta};
use crate::domain::player::{Background, GameStatus, Metrics, Player};
use crate::domain::points::Points;
use crate::domain::snapshot::{Snapshot, Touchpoints};

/// A moment, from RFC 3339.
pub fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Wednesday 2026-11-25 at 14:00 UTC; score 50.00, chapter 1, no messages, no history.
pub fn snapshot() -> Snapshot {
    let now = at("2026-11-25T14:00:00Z");
    Snapshot {
        now,
        conversation: Conversation {
            id: ConversationId(Uuid::from_u128(0xC0)),
            platform: "telegram".into(),
            messages: Value::Null,
            transcript_raw: None,
            started_at: now,
            last_message_at: now,
            score_delta: None,
            earlier: None,
        },
        player: Player {
            id: UserId(Uuid::from_u128(0xA1)),
            telegram_id: Some(7),
            score: Points::whole(50),
            chapter: 1,
            game_status: GameStatus::Active,
            last_interaction_at: Some(now),
            notifications_enabled: true,
            timezone: "UTC".into(),
            days_played: 3,
            created_at: None,
            conflict_details: None,
            last_conflict_at: None,
        },
        background: Background::default(),
        metrics: Metrics::default(),
        vices: vec![],
        engagement_state: None,
        facts: vec![],
        threads: vec![],
        thoughts: vec![],
        life_events: vec![],
        mood: None,
        touchpoints: Touchpoints::default(),
        days: vec![],
        decay: vec![],
        recent_summaries: vec![],
    }
}

/// A life event of a date.
pub fn life_event(date: &str, emotional_impact: MoodDelta) -> LifeEvent {
    LifeEvent {
        id: Uuid::from_u128(0xE1),
        date: date.parse::<NaiveDate>().unwrap(),
        time_of_day: "morning".into(),
        domain: "work".into(),
        event_type: "test".into(),
        description: "Something happened.".into(),
        emotional_impact,
        importance: 0.5,
    }
}

/// A stage's context with spec 04's settings.
pub fn context(snapshot: Snapshot, findings: Findings) -> Context {
    let settings = StageSettings {
        duplicate_similarity: StageSettings::DUPLICATE_SIMILARITY,
        transcript_budget: StageSettings::TRANSCRIPT_BUDGET,
        drop_unsupported: false,
        template: PromptTemplate::shipped().unwrap(),
        conflict: ConflictKeeper::Auto,
        breakup: false,
    };
    Context { snapshot: Arc::new(snapshot), findings: Arc::new(findings), settings: Arc::new(settings) }
}

/// The decision of a stage that asks no (more) questions.
pub fn decided(step: Result<Step, StageError>) -> Decision {
    match step {
        Ok(Step::Done(decision)) => *decision,
        Ok(Step::Ask(asks, _)) => panic!("asks {asks:?}"),
        Err(error) => panic!("fails: {error}"),
    }
}

/// A stage's questions, and its continuation.
pub fn asked(step: Result<Step, StageError>) -> (Vec<Ask>, Continuation) {
    match step {
        Ok(Step::Ask(asks, then)) => (asks, then),
        Ok(Step::Done(decision)) => panic!("decides {decision:?}"),
        Err(error) => panic!("fails: {error}"),
    }
}

/// The error of a stage that fails.
pub fn failed(step: Result<Step, StageError>) -> StageError {
    match step {
        Err(error) => error,
        Ok(Step::Done(decision)) => panic!("decides {decision:?}"),
        Ok(Step::Ask(asks, _)) => panic!("asks {asks:?}"),
    }
}
