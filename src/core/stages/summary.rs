//! summary: the conversation in a sentence or two, and the day's roll-up.

use serde::Serialize;

use super::{Context, StageError, Step};

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

/// The conversation's summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text; empty for an empty conversation.
    pub text: String,
    /// Where it came from.
    pub source: Source,
}

/// Begins the stage.
///
/// # Errors
/// [`StageError::InvalidTranscript`] where the transcript is not a list of messages.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
