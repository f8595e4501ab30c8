//! The outputs of the stages, which later stages read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::core::tone::Tone;
use crate::domain::effect::Trigger;
use crate::domain::memory::{GraphType, LifeEvent, Mood};
use crate::domain::points::Points;
use crate::domain::prompt::Platform;
use crate::domain::result::MemoryFigures;

/// The notes on a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// The facts, bounded in number and length.
    pub facts: Vec<ExtractedFact>,
    /// Open topics.
    pub threads: Vec<String>,
    /// Her thoughts about it.
    pub thoughts: Vec<String>,
    /// A summary of a sentence or two; empty for an empty conversation.
    pub summary: String,
    /// Its tone.
    pub tone: Tone,
    /// How many of the oldest messages were left out or shortened to fit the model's budget.
    pub messages_left_out: usize,
    /// How many messages are unreadable.
    pub messages_unreadable: usize,
    /// The model that wrote the notes; empty if none was asked.
    pub model: String,
}

/// A fact worth remembering.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtractedFact {
    /// The fact, one sentence.
    pub fact: String,
    /// Its subject.
    pub graph_type: GraphType,
    /// The words that support it, as the model gave them.
    pub quote: String,
    /// The message in which the quote begins, counted from 0 among those with text; `None` if the quote was not found.
    pub message: Option<usize>,
}

/// The outcome of storing the facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUpdate {
    /// The new facts that are active, in the order of the extraction.
    pub learned: Vec<String>,
    /// The older facts that they replace, without those of this conversation.
    pub superseded: BTreeSet<Uuid>,
    /// How many have no vector yet, because embeddings were unavailable.
    pub without_vector: usize,
    /// The figures for the result.
    pub figures: MemoryFigures,
}

/// Her day. If the stage failed, later stages use an empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LifeSim {
    /// Today's events in the player's time zone, stored or new.
    pub events: Vec<LifeEvent>,
}

/// Her mood. If the stage failed, later stages use [`Mood::default`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emotional {
    /// The four dimensions, each 0–1.
    pub mood: Mood,
}

/// The player's status in the game. If the stage failed, later stages use a score change of zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GameState {
    /// The conversation's score change, which the application has already applied.
    pub score_delta: Points,
    /// The chapter's boss threshold; `None` for an invalid chapter.
    pub threshold: Option<Points>,
    /// The event, if there is one.
    pub event: Option<GameEvent>,
}

/// An event in the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GameEvent {
    /// Within 5 points below the threshold.
    BossThresholdNear,
    /// At the threshold or above.
    BossThresholdReached,
    /// The chapter is not one of 1 to 5.
    InvalidChapter,
}

/// The conflict. If the stage failed, later stages use the default, a calm zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conflict {
    /// 0–100 degrees, at the conversation's last message.
    pub temperature: f64,
    /// Its zone.
    pub zone: Zone,
    /// Whether it is hot or critical.
    pub active: bool,
    /// Whether this conversation ends the game.
    pub breakup: bool,
}

/// A range of temperatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Under 25 degrees.
    #[default]
    Calm,
    /// Under 50.
    Warm,
    /// Under 75: an active conflict.
    Hot,
    /// 75 and above: a crisis.
    Critical,
}

impl Zone {
    /// The zone of a temperature in degrees.
    #[must_use]
    pub fn of(temperature: f64) -> Self {
        match temperature {
            t if t < 25.0 => Self::Calm,
            t if t < 50.0 => Self::Warm,
            t if t < 75.0 => Self::Hot,
            _ => Self::Critical,
        }
    }

    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Warm => "warm",
            Self::Hot => "hot",
            Self::Critical => "critical",
        }
    }

    /// The application's word for her state in such a conflict: `nikita_emotional_states.conflict_state`. Unless it is `none`, the
    /// application sends no messages on her initiative.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Calm | Self::Warm => "none",
            Self::Hot => "cold",
            Self::Critical => "explosive",
        }
    }

    /// Whether the conflict is active.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Hot | Self::Critical)
    }
}

/// Whether a message was scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touchpoint {
    /// Its trigger, if one was scheduled.
    pub scheduled: Option<Trigger>,
}

/// The conversation's summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text; empty for an empty conversation.
    pub text: String,
    /// Its source.
    pub source: Source,
}

/// The source of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The extraction.
    Extraction,
    /// A model's summary of the last ten messages.
    Model,
    /// Quotes from the messages.
    Extractive,
}

/// The figures of the two prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptBuilder {
    /// One for each platform, in the order of [`Platform::ALL`].
    pub prompts: Vec<Figures>,
    /// Whether a model failed to polish one, so that the plain prompt is used.
    pub fell_back: bool,
}

/// The figures of one prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Its platform.
    pub platform: Platform,
    /// Its length in tokens.
    pub tokens: usize,
    /// The sections that were left out, in order.
    pub sections_left_out: Vec<String>,
    /// Whether the end was cut.
    pub cut: bool,
    /// Whether a model polished it.
    pub enriched: bool,
}

/// A stage's output.
#[derive(Clone, Debug)]
pub enum Output {
    /// Of [`super::extraction`].
    Extraction(Extraction),
    /// Of [`super::memory_update`].
    MemoryUpdate(MemoryUpdate),
    /// Of [`super::life_sim`].
    LifeSim(LifeSim),
    /// Of [`super::emotional`].
    Emotional(Emotional),
    /// Of [`super::game_state`].
    GameState(GameState),
    /// Of [`super::conflict`].
    Conflict(Conflict),
    /// Of [`super::touchpoint`].
    Touchpoint(Touchpoint),
    /// Of [`super::summary`].
    Summary(Summary),
    /// Of [`super::prompt_builder`].
    PromptBuilder(PromptBuilder),
}

/// The outputs so far. `None` if a stage has not run or has failed: later stages then use the documented default.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Of [`super::extraction`].
    pub extraction: Option<Extraction>,
    /// Of [`super::memory_update`].
    pub memory_update: Option<MemoryUpdate>,
    /// Of [`super::life_sim`].
    pub life_sim: Option<LifeSim>,
    /// Of [`super::emotional`].
    pub emotional: Option<Emotional>,
    /// Of [`super::game_state`].
    pub game_state: Option<GameState>,
    /// Of [`super::conflict`].
    pub conflict: Option<Conflict>,
    /// Of [`super::touchpoint`].
    pub touchpoint: Option<Touchpoint>,
    /// Of [`super::summary`].
    pub summary: Option<Summary>,
    /// Of [`super::prompt_builder`].
    pub prompt_builder: Option<PromptBuilder>,
}

impl Findings {
    /// Adds a stage's output.
    pub fn add(&mut self, output: Output) {
        match output {
            Output::Extraction(it) => self.extraction = Some(it),
            Output::MemoryUpdate(it) => self.memory_update = Some(it),
            Output::LifeSim(it) => self.life_sim = Some(it),
            Output::Emotional(it) => self.emotional = Some(it),
            Output::GameState(it) => self.game_state = Some(it),
            Output::Conflict(it) => self.conflict = Some(it),
            Output::Touchpoint(it) => self.touchpoint = Some(it),
            Output::Summary(it) => self.summary = Some(it),
            Output::PromptBuilder(it) => self.prompt_builder = Some(it),
        }
    }
}
