//! extraction: one model call turns the transcript into facts, threads, thoughts, a summary and a tone.

use super::{Context, StageError, Step};
use crate::core::tone::Tone;
use crate::domain::memory::GraphType;

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
    /// How many of the oldest messages were left out, because the transcript exceeds the model's budget.
    pub messages_left_out: usize,
}

/// A sentence worth remembering.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtractedFact {
    /// The sentence.
    pub fact: String,
    /// Whom it is about.
    pub graph_type: GraphType,
}

/// Begins the stage.
///
/// # Errors
/// [`StageError::InvalidTranscript`] where the transcript is not a list of messages.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
