//! What the stages find out: each one's output, which later stages read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::core::tone::Tone;
use crate::domain::effect::Trigger;
use crate::domain::memory::{GraphType, LifeEvent, Mood};
use crate::domain::points::Points;
use crate::domain::prompt::Platform;
use crate::domain::result::MemoryFigures;
/// What was understood of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// What she learned, bounded in number and length.
    pub facts: Vec<ExtractedFact>,
    /// What was left open.
    pub threads: Vec<String>,
    /// What it makes her think.
    pub thoughts: Vec<String>,
    /// In a sentence or two; empty where there was nothing to say.
    pub summary: String,
    /// How it felt.
    pub tone: Tone,
    /// How many of the oldest messages were left out, wholly or in part, because the transcript exceeds the model's budget.
    pub messages_left_out: usize,
    /// How many messages of the list can't be read.
    pub messages_unreadable: usize,
    /// The model that noted it; empty where none was asked.
    pub model: String,
}

/// A sentence worth remembering.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtractedFact {
    /// The sentence.
    pub fact: String,
    /// Whom it is about.
    pub graph_type: GraphType,
    /// The words that are to show it, as the model gave them.
    pub quote: String,
    /// The message in which those words begin, counted from 0 among those with speech; none where nobody said so.
    pub message: Option<usize>,
}

/// What became of the extracted facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUpdate {
    /// The new facts that are active, in the order of the extraction.
    pub learned: Vec<String>,
    /// The older facts that they replace; those of this conversation are not among them.
    pub superseded: BTreeSet<Uuid>,
    /// How many have no vector yet, because embeddings were unavailable.
    pub without_vector: usize,
    /// For the result.
    pub figures: MemoryFigures,
}

/// Her day. Dependants take an empty one where the stage failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LifeSim {
    /// Today's events in the player's time zone, whether stored before or made now.
    pub events: Vec<LifeEvent>,
}

/// Her mood. Dependants take [`Mood::default`] where the stage failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emotional {
    /// The four dimensions, each 0–1.
    pub mood: Mood,
}

/// Where the player stands. Dependants take a score change of zero where the stage failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GameState {
    /// What the conversation did to the score, as the application has already applied it.
    pub score_delta: Points,
    /// The chapter's boss threshold; none for an invalid chapter.
    pub threshold: Option<Points>,
    /// At most one.
    pub event: Option<GameEvent>,
}

/// Something to notice about the game.
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

/// Where the conflict stands. Dependants take the default, a calm zero, where the stage failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conflict {
    /// 0–100 degrees, at the conversation's last message.
    pub temperature: f64,
    /// Its zone.
    pub zone: Zone,
    /// Whether a conflict is on: hot or critical.
    pub active: bool,
    /// Whether this conversation ends the game.
    pub breakup: bool,
}

/// How hot it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Under 25 degrees.
    #[default]
    Calm,
    /// Under 50.
    Warm,
    /// Under 75: a conflict is on.
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

    /// The application's word for her state in such a conflict: `nikita_emotional_states.conflict_state`. It sends nothing of her own
    /// account unless that is `none`.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Calm | Self::Warm => "none",
            Self::Hot => "cold",
            Self::Critical => "explosive",
        }
    }

    /// Whether a conflict is on.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Hot | Self::Critical)
    }
}

/// Whether a message was scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touchpoint {
    /// For what, if so.
    pub scheduled: Option<Trigger>,
}

/// The conversation's summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text; empty for an empty conversation.
    pub text: String,
    /// Where it came from.
    pub source: Source,
}

/// Where a summary came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The extraction gave it.
    Extraction,
    /// A model call on the last ten messages.
    Model,
    /// Cut from the messages themselves.
    Extractive,
}

/// The figures of the two prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptBuilder {
    /// One for each platform, in the order of [`Platform::ALL`].
    pub prompts: Vec<Figures>,
    /// Whether a model was to polish one, and the plain one had to do.
    pub fell_back: bool,
}

/// What became of one prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// For whom it is written.
    pub platform: Platform,
    /// Its length.
    pub tokens: usize,
    /// Sections that had to go, in the order in which they went.
    pub sections_left_out: Vec<String>,
    /// Whether the rest had to be cut at a sentence.
    pub cut: bool,
    /// Whether a model has polished it.
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

/// The outputs so far. `None` where a stage has not run, or has failed: its dependants use the default they document.
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
