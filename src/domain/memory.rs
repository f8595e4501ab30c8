//! Nikita's memory: facts, threads, thoughts, days and the events of her own life.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::points::Points;

/// The subject of a fact: `memory_facts.graph_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphType {
    /// The player.
    User,
    /// The two of them; also for unknown subjects (spec 04).
    #[default]
    Relationship,
    /// Nikita herself.
    Nikita,
}

impl GraphType {
    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Relationship => "relationship",
            Self::Nikita => "nikita",
        }
    }
}

/// An active fact, without its vector, because the store searches by similarity.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// `memory_facts.id`.
    pub id: Uuid,
    /// Its subject, in the database's word.
    pub graph_type: String,
    /// The fact, one sentence.
    pub fact: String,
    /// Whether its quote was not found in the transcript.
    #[serde(skip)]
    pub unsupported: bool,
    /// When it was learned, where that is known.
    pub created_at: Option<DateTime<Utc>>,
}

/// An open topic or a thought: a row of `conversation_threads` or `nikita_thoughts`.
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    /// `thread_type` or `thought_type`.
    pub kind: String,
    /// The sentence.
    pub content: String,
    /// When it came up, where that is known.
    pub created_at: Option<DateTime<Utc>>,
}

/// A change of the mood by a life event or a tone, each side on the scale of 0–1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MoodDelta {
    /// Calm to excited.
    pub arousal: f64,
    /// Sad to happy.
    pub valence: f64,
    /// Led to leading.
    pub dominance: f64,
    /// Distant to close.
    pub intimacy: f64,
}

/// Her mood: four dimensions, each 0–1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mood {
    /// Calm to excited.
    pub arousal: f64,
    /// Sad to happy.
    pub valence: f64,
    /// Led to leading.
    pub dominance: f64,
    /// Distant to close.
    pub intimacy: f64,
}

impl Default for Mood {
    /// The middle of every scale. Later stages use it if the emotional stage failed.
    fn default() -> Self {
        Self { arousal: 0.5, valence: 0.5, dominance: 0.5, intimacy: 0.5 }
    }
}

/// Something that happened to her: a row of `nikita_life_events`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifeEvent {
    /// `event_id`.
    pub id: Uuid,
    /// The player's local date.
    pub date: NaiveDate,
    /// `morning`, `afternoon`, `evening` or `night`.
    pub time_of_day: String,
    /// `work`, `social` or `personal`.
    pub domain: String,
    /// A short name such as `friend_hangout`.
    pub event_type: String,
    /// One sentence about it.
    pub description: String,
    /// How it changes her mood.
    pub emotional_impact: MoodDelta,
    /// 0–1.
    pub importance: f64,
}

/// A day with the player: a row of `daily_summaries`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// The player's local date.
    pub date: NaiveDate,
    /// Score when the day's first conversation began.
    pub score_start: Option<Points>,
    /// Score after the latest conversation.
    pub score_end: Option<Points>,
    /// How many conversations took place.
    pub conversations_count: i32,
    /// What happened, in sentences.
    pub summary_text: Option<String>,
    /// The moments worth keeping, oldest first.
    pub key_moments: Vec<String>,
    /// The day's prevailing tone.
    pub emotional_tone: Option<String>,
}
