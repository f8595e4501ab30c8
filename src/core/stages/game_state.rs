//! game_state: where the player stands in the game. Reads only; the application has already applied the score.

use serde::Serialize;

use super::{Context, StageError, Step};
use crate::domain::points::Points;

/// Something to notice about the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GameEvent {
    /// Within 5 points below the threshold.
    BossThresholdNear,
    /// At the threshold or above.
    BossThresholdReached,
    /// The chapter is not one of 1 to 5.
    InvalidChapter,
}

/// Where the player stands. Dependants take a score change of zero where the stage failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GameState {
    /// What the conversation did to the score, as the application has already applied it.
    pub score_delta: Points,
    /// The chapter's boss threshold; none for an invalid chapter.
    pub threshold: Option<Points>,
    /// At most one.
    pub event: Option<GameEvent>,
}

/// Begins the stage.
///
/// # Errors
/// None of its own.
pub fn begin(_context: &Context) -> Result<Step, StageError> {
    unimplemented!()
}
