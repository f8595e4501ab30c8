//! conflict: the temperature between them, and whether it breaks them up.

use serde::{Deserialize, Serialize};

use super::{Context, StageError, Step};

/// How hot it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Under 25 degrees.
    #[default]
    Calm,
    /// Under 50.
    Warm,
    /// Under 75: a conflict is on.
    Hot,
    /// 75 and above: a crisis.
    Critical,
}

/// Where the conflict stands. Dependants take the default, a calm zero, where the stage failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conflict {
    /// 0–100 degrees.
    pub temperature: f64,
    /// Its zone.
    pub zone: Zone,
    /// Whether a conflict is on: hot or critical.
    pub active: bool,
    /// Whether this conversation ends the game.
    pub breakup: bool,
}

/// Begins the stage.
///
/// # Errors
/// None of its own.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
