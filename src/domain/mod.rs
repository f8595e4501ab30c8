//! Data: the nouns of the game and of a run. No behaviour here needs a database, a network or a clock.
//!
//! Start with [`snapshot`] (a pipeline's input) and [`effect`] (its changes); most other modules are parts of these two. [`result`]
//! is the contract: the output of each command.

pub mod conversation;
pub mod effect;
pub mod exit;
pub mod ids;
pub mod job;
pub mod memory;
pub mod player;
pub mod points;
pub mod prompt;
pub mod result;
pub mod snapshot;
pub mod stage;
pub mod time_zone;
pub mod words;
