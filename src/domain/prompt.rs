//! The two kinds of prompt that are kept ready.

use schemars::JsonSchema;
use serde::Serialize;

/// For which voice a prompt is written: `ready_prompts.platform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Telegram and other text.
    Text,
    /// Calls.
    Voice,
}

impl Platform {
    /// Both, in the order in which they are rendered.
    pub const ALL: [Self; 2] = [Self::Text, Self::Voice];

    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }

    /// The most tokens a prompt may have (spec 04).
    #[must_use]
    pub const fn token_budget(self) -> usize {
        match self {
            Self::Text => 6_500,
            Self::Voice => 2_200,
        }
    }
}
