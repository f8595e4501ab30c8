//! memory_update: the facts get their vectors and take the place of near-duplicates.

use super::{Context, StageError, Step};

/// What became of the extracted facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUpdate {
    /// The new facts that are active, in the order of the extraction.
    pub learned: Vec<String>,
    /// How many older facts they replace.
    pub superseded: usize,
    /// How many have no vector yet, because embeddings were unavailable.
    pub without_vector: usize,
}

/// Begins the stage.
///
/// # Errors
/// As [`StageError`] says.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
