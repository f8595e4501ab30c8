//! Listening for signals, where a command can't start without.

use super::raw::Problem;
use crate::run::error::RunError;
use crate::run::signals::Signals;

/// Listens from now on; whoever asks again is told of the same.
pub fn listen() -> Result<Signals, Problem> {
    Signals::listen().map_err(|error| Problem::Run(RunError::Failed(format!("no signal handlers: {error}"))))
}
