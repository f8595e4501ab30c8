//! The two platforms of prompts.

use schemars::JsonSchema;
use serde::Serialize;

/// The platform of a prompt: `ready_prompts.platform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Telegram and other text.
    Text,
    /// Calls.
    Voice,
}

impl Platform {
    /// Both, in the order of rendering.
    pub const ALL: [Self; 2] = [Self::Text, Self::Voice];

    /// The database's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }

    /// The most tokens of a prompt (spec 04).
    #[must_use]
    pub const fn token_budget(self) -> usize {
        match self {
            Self::Text => 6_500,
            Self::Voice => 2_200,
        }
    }
}
