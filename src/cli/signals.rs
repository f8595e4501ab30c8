//! Signal handlers; without them a command can't start.

use super::raw::Problem;
use crate::run::error::RunError;
use crate::run::signals::Signals;

/// Listens from now on. Every call returns the same signals.
pub fn listen() -> Result<Signals, Problem> {
    Signals::listen().map_err(|error| Problem::Run(RunError::Failed(format!("no signal handlers: {error}"))))
}
