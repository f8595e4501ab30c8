//! The imperative shell: what every run goes through ([`lifecycle`]), and the walk of one conversation through its stages
//! ([`pipeline`]).

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
