//! The names of the stages.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// A stage's name. Part of the public interface: results and dashboards use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Facts, threads, thoughts, summary and tone from the transcript.
    Extraction,
    /// Facts with their vectors, near-duplicates superseded.
    MemoryUpdate,
    /// Today's events in her own life.
    LifeSim,
    /// Her mood.
    Emotional,
    /// Chapter and boss threshold.
    GameState,
    /// Conflict temperature, zone and breakup.
    Conflict,
    /// A proactive message, if one is due.
    Touchpoint,
    /// The conversation's and the day's summary.
    Summary,
    /// The text and the voice prompt.
    PromptBuilder,
}

impl StageName {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Extraction,
        Self::MemoryUpdate,
        Self::LifeSim,
        Self::Emotional,
        Self::GameState,
        Self::Conflict,
        Self::Touchpoint,
        Self::Summary,
        Self::PromptBuilder,
    ];

    /// The name in results, logs and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Extraction => "extraction",
            Self::MemoryUpdate => "memory_update",
            Self::LifeSim => "life_sim",
            Self::Emotional => "emotional",
            Self::GameState => "game_state",
            Self::Conflict => "conflict",
            Self::Touchpoint => "touchpoint",
            Self::Summary => "summary",
            Self::PromptBuilder => "prompt_builder",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
