//! emotional: her mood in four dimensions.

use super::{Context, StageError, Step};
use crate::domain::memory::Mood;

/// Her mood. Dependants take [`Mood::default`] where the stage failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emotional {
    /// The four dimensions, each 0–1.
    pub mood: Mood,
}

/// Begins the stage.
///
/// # Errors
/// None of its own.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
