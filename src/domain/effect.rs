//! The effects of a conversation on the database. Stages return them; the store applies all of them in one fenced transaction,
//! through one exhaustive match.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::memory::{GraphType, LifeEvent, Mood};
use super::points::Points;
use super::prompt::Platform;

/// One change to the database on behalf of the conversation's player.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Remove the rows of an earlier processing of this conversation, and restore those that it replaced.
    TakeBack,
    /// Store a fact and deactivate those it replaces.
    RememberFact(NewFact),
    /// Open a thread.
    OpenThread {
        /// Its primary key.
        id: Uuid,
        /// The open topic.
        content: String,
    },
    /// Note a thought of hers.
    Think {
        /// Its primary key.
        id: Uuid,
        /// The thought.
        content: String,
        /// When it expires.
        expires_at: DateTime<Utc>,
    },
    /// Store the day's life events, unless the player already has some for that date.
    LiveDay {
        /// The player's local date.
        date: NaiveDate,
        /// Three to five of them.
        events: Vec<LifeEvent>,
    },
    /// Store her mood.
    Feel {
        /// The four dimensions.
        mood: Mood,
    },
    /// Update the conflict.
    Conflict(ConflictChange),
    /// End the game, with one history row. Does nothing if the game has already ended, or if the conflict has changed meanwhile.
    EndGame {
        /// The history row's `event_type`.
        event_type: String,
        /// The history row's `event_details`.
        details: Value,
    },
    /// Schedule a proactive message, unless one is already pending.
    ScheduleTouchpoint(NewTouchpoint),
    /// Store the extraction with the conversation.
    Understood {
        /// `extracted_entities`.
        entities: Value,
        /// `emotional_tone`.
        tone: String,
    },
    /// Store the conversation's summary.
    Summarise {
        /// `conversation_summary`.
        summary: String,
    },
    /// Add the conversation to its day's summary.
    RollUpDay(DayEntry),
    /// Make a prompt the player's current one on its platform.
    SwapPrompt(NewPrompt),
}

/// A fact to store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFact {
    /// Its primary key.
    pub id: Uuid,
    /// Its subject.
    pub graph_type: GraphType,
    /// The fact, one sentence.
    pub fact: String,
    /// The confidence in it, 0 to 1.
    pub confidence: f64,
    /// Its provenance.
    pub metadata: Value,
    /// 1536 numbers; `None` if embeddings were unavailable, to be added by a later run.
    pub embedding: Option<Vec<f32>>,
    /// The active facts that it replaces.
    pub supersedes: Vec<Uuid>,
    /// The later fact of the same conversation that has already replaced it.
    pub superseded_by: Option<Uuid>,
}

/// A change of the conflict: fields that are merged into `users.conflict_details`. If the application has changed the conflict since
/// it was read, nothing is stored (spec 09, "Conflict").
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictChange {
    /// The fields that change; null removes a field.
    pub fields: Map<String, Value>,
    /// `last_temp_update` as it was read.
    pub seen: Option<String>,
    /// If the value that was read is not an object (such as a string that contains the object): that value, and the object that
    /// replaces it if it is unchanged.
    pub replaces: Option<(Value, Map<String, Value>)>,
    /// `nikita_emotional_states.conflict_state`, in the application's words.
    pub state: &'static str,
    /// When the active conflict began, if it began with this conversation.
    pub began_at: Option<DateTime<Utc>>,
}

/// The trigger of a touchpoint: `scheduled_touchpoints.trigger_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A time of day.
    Time,
    /// A life event.
    Event,
    /// A silence.
    Gap,
}

impl Trigger {
    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Event => "event",
            Self::Gap => "gap",
        }
    }
}

/// A proactive message to schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTouchpoint {
    /// Its primary key, derived from (player, day, trigger), so that a second one of the same kind on a day conflicts with the first.
    pub id: Uuid,
    /// Its trigger.
    pub trigger: Trigger,
    /// `trigger_context`: for an event, `{"event_id": …}`.
    pub context: Value,
    /// The message.
    pub message: String,
    /// When to deliver it.
    pub delivery_at: DateTime<Utc>,
}

/// A conversation's update of its day's row. The store increments the count and fills empty columns, so that the order of a day's
/// conversations does not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct DayEntry {
    /// The player's local date of the conversation.
    pub date: NaiveDate,
    /// The primary key of a new row, derived from (player, date).
    pub id: Uuid,
    /// The score before this conversation; only the day's first stores it.
    pub score_start: Points,
    /// The score after it.
    pub score_end: Points,
    /// Whether it counts; not if an earlier processing counted it.
    pub counts: bool,
    /// Decay charged on that date so far.
    pub decay_applied: Points,
    /// The day's text including this conversation.
    pub summary_text: String,
    /// The day's text as it was read. A text that another writer has changed since is not overwritten.
    pub summary_before: Option<String>,
    /// The day's moments including this conversation's.
    pub key_moments: Vec<String>,
    /// The day's tone including this conversation's.
    pub emotional_tone: String,
}

/// A rendered prompt to store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPrompt {
    /// Its platform.
    pub platform: Platform,
    /// The text.
    pub text: String,
    /// Its length in tokens.
    pub token_count: usize,
    /// `context_snapshot`: the figures behind it, without any conversation text.
    pub context: Value,
}
