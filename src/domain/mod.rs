//! Data: the nouns of the game and of a run. No behaviour here needs a database, a network or a clock.
//!
//! Start with [`snapshot`] (what a pipeline reads) and [`effect`] (what it changes); the rest are the parts of the two.

pub mod conversation;
pub mod effect;
pub mod exit;
pub mod ids;
pub mod memory;
pub mod player;
pub mod points;
pub mod prompt;
pub mod snapshot;
pub mod time_zone;
