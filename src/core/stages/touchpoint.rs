//! touchpoint: a message on her own account, when one is due.

use super::{Context, StageError, Step};
use crate::domain::effect::Trigger;

/// Whether a message was scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touchpoint {
    /// For what, if so.
    pub scheduled: Option<Trigger>,
}

/// Begins the stage.
///
/// # Errors
/// None of its own.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
