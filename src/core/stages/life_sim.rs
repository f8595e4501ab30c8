//! life_sim: her own day. Three to five events, made once for a player and a local date.

use super::{Context, StageError, Step};
use crate::domain::memory::LifeEvent;

/// Her day. Dependants take an empty one where the stage failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LifeSim {
    /// Today's events in the player's time zone, whether stored before or made now.
    pub events: Vec<LifeEvent>,
}

/// Begins the stage.
///
/// # Errors
/// None of its own.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
