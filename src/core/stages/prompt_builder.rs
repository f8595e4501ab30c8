//! prompt_builder: the text and the voice prompt, rendered, fitted to their budgets and swapped in.

use serde::Serialize;

use super::{Context, StageError, Step};
use crate::domain::prompt::Platform;

/// The figures of the two prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptBuilder {
    /// One for each platform, in the order of [`Platform::ALL`].
    pub prompts: Vec<Figures>,
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

/// Begins the stage.
///
/// # Errors
/// [`StageError::Failed`] where the template can't be rendered.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
