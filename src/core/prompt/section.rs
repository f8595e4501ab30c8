//! The sections of a prompt.

use serde::Serialize;

/// A section of a prompt. A template has one block for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Who she is.
    Identity,
    /// How she stays in character, and when she does not.
    Immersion,
    /// How to write or speak on this platform.
    Platform,
    /// Her mood, and the conflict.
    State,
    /// How close the player is.
    Relationship,
    /// Facts.
    Memory,
    /// The last conversations and their open topics.
    Continuity,
    /// Her own life and thoughts.
    InnerLife,
    /// Her character.
    Psychology,
    /// The chapter of the story.
    Chapter,
    /// Themes that the player enjoys.
    Vice,
}

impl Section {
    /// All of them, in the order of the prompt.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Immersion,
        Self::Platform,
        Self::State,
        Self::Relationship,
        Self::Memory,
        Self::Continuity,
        Self::InnerLife,
        Self::Psychology,
        Self::Chapter,
        Self::Vice,
    ];

    /// Those that are left out first, in order (spec 04).
    pub const DISPENSABLE: [Self; 3] = [Self::Vice, Self::Chapter, Self::Psychology];

    /// The name of its block.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Immersion => "immersion",
            Self::Platform => "platform",
            Self::State => "state",
            Self::Relationship => "relationship",
            Self::Memory => "memory",
            Self::Continuity => "continuity",
            Self::InnerLife => "inner_life",
            Self::Psychology => "psychology",
            Self::Chapter => "chapter",
            Self::Vice => "vice",
        }
    }
}
