//! The imperative shell: the life of a run ([`lifecycle`]) and of one conversation ([`pipeline`]).

mod asking;
pub mod circuits;
pub mod context;
pub mod error;
mod heartbeat;
pub mod lifecycle;
pub mod pipeline;
pub mod progress;
pub mod signals;
pub mod spans;
pub mod totals;
pub mod warnings;
