//! Data: the nouns of the game and of a run. No behaviour here needs a database, a network or a clock.
//!
//! Start with [`snapshot`] (what a pipeline reads) and [`effect`] (what it changes); most of the rest are the parts of the two. [`result`] is
//! the contract: what each command prints.

pub mod conversation;
pub mod effect;
pub mod exit;
pub mod ids;
pub mod memory;
pub mod player;
pub mod points;
pub mod prompt;
pub mod result;
pub mod snapshot;
pub mod stage;
pub mod time_zone;
pub mod words;
