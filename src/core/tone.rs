//! The tone of a conversation.

use serde::{Deserialize, Serialize};

use crate::domain::memory::MoodDelta;

/// One of the tones of spec 04.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are spec 04's words and explain themselves")]
pub enum Tone {
    Supportive,
    Dismissive,
    Romantic,
    Cold,
    Playful,
    Anxious,
    Apologetic,
    #[default]
    Neutral,
    Positive,
    Negative,
    Mixed,
}

impl Tone {
    /// Every tone that the extraction's schema allows, in the order of the spec.
    pub const ALL: [Self; 11] = [
        Self::Supportive,
        Self::Dismissive,
        Self::Romantic,
        Self::Cold,
        Self::Playful,
        Self::Anxious,
        Self::Apologetic,
        Self::Neutral,
        Self::Positive,
        Self::Negative,
        Self::Mixed,
    ];

    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supportive => "supportive",
            Self::Dismissive => "dismissive",
            Self::Romantic => "romantic",
            Self::Cold => "cold",
            Self::Playful => "playful",
            Self::Anxious => "anxious",
            Self::Apologetic => "apologetic",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Mixed => "mixed",
        }
    }

    /// How it changes her mood (spec 04).
    #[must_use]
    pub const fn mood_delta(self) -> MoodDelta {
        let (arousal, valence, dominance, intimacy) = match self {
            Self::Supportive => (0.0, 0.15, 0.05, 0.10),
            Self::Dismissive => (0.0, -0.15, -0.10, -0.10),
            Self::Romantic => (0.10, 0.20, 0.0, 0.20),
            Self::Cold => (-0.05, -0.20, 0.0, -0.20),
            Self::Playful => (0.15, 0.15, 0.0, 0.05),
            Self::Anxious => (0.20, -0.10, -0.15, 0.0),
            Self::Apologetic => (0.0, 0.05, -0.10, 0.10),
            Self::Neutral | Self::Mixed => (0.0, 0.0, 0.0, 0.0),
            Self::Positive => (0.0, 0.075, 0.025, 0.05),
            Self::Negative => (-0.025, -0.10, 0.0, -0.10),
        };
        MoodDelta { arousal, valence, dominance, intimacy }
    }
}
