//! What a conversation changes. Stages return these; the store applies all of them in one fenced transaction, through
//! one exhaustive match.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::memory::{GraphType, LifeEvent, Mood};
use super::points::Points;
use super::prompt::Platform;

/// One change to the database on behalf of the conversation's player.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Take away what an earlier processing of this conversation brought forth, and give back what it replaced.
    TakeBack,
    /// Store a fact and deactivate those it replaces.
    RememberFact(NewFact),
    /// Open a thread.
    OpenThread {
        /// Its primary key.
        id: Uuid,
        /// What is left open.
        content: String,
    },
    /// Note a thought of hers.
    Think {
        /// Its primary key.
        id: Uuid,
        /// The thought.
        content: String,
        /// When it is stale.
        expires_at: DateTime<Utc>,
    },
    /// Store the day's life events, unless the player has some for that date by now.
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
    /// Store how the conflict stands.
    Conflict(ConflictChange),
    /// End the game, with one history row; nothing if it has ended already, or if the conflict has moved on meanwhile.
    EndGame {
        /// The history row's `event_type`.
        event_type: String,
        /// The history row's `event_details`.
        details: Value,
    },
    /// Schedule a proactive message, unless one is pending by now.
    ScheduleTouchpoint(NewTouchpoint),
    /// Keep what was understood of the conversation with the conversation.
    Understood {
        /// `extracted_entities`.
        entities: Value,
        /// `emotional_tone`.
        tone: String,
    },
    /// Keep the conversation's summary with the conversation.
    Summarise {
        /// `conversation_summary`.
        summary: String,
    },
    /// Fold the conversation into its day.
    RollUpDay(DayEntry),
    /// Make a prompt the player's current one on its platform.
    SwapPrompt(NewPrompt),
}

/// A fact to store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFact {
    /// Its primary key.
    pub id: Uuid,
    /// Whom it is about.
    pub graph_type: GraphType,
    /// The sentence.
    pub fact: String,
    /// How much it is to be believed, 0 to 1.
    pub confidence: f64,
    /// Where it comes from.
    pub metadata: Value,
    /// 1536 numbers; none where embeddings were unavailable, to be filled in by a later run.
    pub embedding: Option<Vec<f32>>,
    /// The active facts that it replaces.
    pub supersedes: Vec<Uuid>,
    /// Where a later fact of the same conversation has replaced it already: that fact's id.
    pub superseded_by: Option<Uuid>,
}

/// How the conflict stands: fields of `users.conflict_details`, merged into what stands there when it is stored. Where the application
/// has moved the conflict on since it was read, nothing of this is stored (spec 09, "Conflict").
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictChange {
    /// The fields that change; those that are null go.
    pub fields: Map<String, Value>,
    /// `last_temp_update` as it was read; none where there was none.
    pub seen: Option<String>,
    /// What was read, where it is no object, such as a text with the object inside; and what takes its place if it still stands there.
    pub replaces: Option<(Value, Map<String, Value>)>,
    /// `nikita_emotional_states.conflict_state`, in the application's words.
    pub state: &'static str,
    /// When the conflict that is on began, if this conversation began it.
    pub began_at: Option<DateTime<Utc>>,
}

/// What a touchpoint is sent for: `scheduled_touchpoints.trigger_type`.
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
    /// Its primary key, derived from (player, day, trigger): a second one of the same kind on a day meets the first.
    pub id: Uuid,
    /// What it is for.
    pub trigger: Trigger,
    /// `trigger_context`: for an event, `{"event_id": …}`.
    pub context: Value,
    /// The message.
    pub message: String,
    /// When to deliver it.
    pub delivery_at: DateTime<Utc>,
}

/// A conversation's share in its day's row. The store adds the count by one and fills what is empty, so that two
/// conversations of a day add up however they are ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct DayEntry {
    /// The player's local date of the conversation.
    pub date: NaiveDate,
    /// Primary key for the row where there is none yet, derived from (player, date).
    pub id: Uuid,
    /// Score before this conversation, kept only by the day's first.
    pub score_start: Points,
    /// Score after it.
    pub score_end: Points,
    /// Whether it counts: not where an earlier processing has counted it.
    pub counts: bool,
    /// Decay charged on that date so far.
    pub decay_applied: Points,
    /// The day's text with this conversation in it.
    pub summary_text: String,
    /// The day's text as it was read: what another has written since is left alone.
    pub summary_before: Option<String>,
    /// The day's moments with this conversation's in them.
    pub key_moments: Vec<String>,
    /// The day's tone with this conversation's in it.
    pub emotional_tone: String,
}

/// A rendered prompt to swap in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPrompt {
    /// For whom it is written.
    pub platform: Platform,
    /// The text.
    pub text: String,
    /// Its length in tokens.
    pub token_count: usize,
    /// `context_snapshot`: what went into it, without any conversation text.
    pub context: Value,
}
