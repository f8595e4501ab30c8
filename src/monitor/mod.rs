//! Monitoring of runs: a metrics file for `node_exporter` ([`metrics`]), pings for a dead man's switch ([`ping`]), and traces for an
//! OpenTelemetry collector ([`traces`]). None of them can fail a run.

pub mod metrics;
pub mod ping;
mod shared_file;
#[cfg(feature = "otel")]
pub mod traces;
#[cfg(not(feature = "otel"))]
#[path = "no_traces.rs"]
pub mod traces;

use crate::domain::exit::Exit;
use crate::domain::result::SkipReason;

/// The outcome of a run, for monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did its work.
    Success,
    /// It did its work, but some items were given up.
    Partial,
    /// Skipped: another run completed inside the window, so the work is done.
    Fresh,
    /// Skipped: another run holds the lock, or the job is switched off, so the outcome is unknown.
    Held,
    /// A signal ended it.
    Interrupted,
    /// The database or the provider was unavailable.
    Unavailable,
    /// Anything else.
    Failure,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Success, Self::Partial, Self::Fresh, Self::Held, Self::Interrupted, Self::Unavailable, Self::Failure];

    /// From an exit code and the reason of a skip.
    #[must_use]
    pub fn of(exit: Exit, reason: Option<SkipReason>) -> Self {
        match exit {
            Exit::Success => Self::Success,
            Exit::Partial => Self::Partial,
            Exit::Skipped if reason == Some(SkipReason::RecentExecution) => Self::Fresh,
            Exit::Skipped => Self::Held,
            Exit::Interrupted | Exit::Terminated => Self::Interrupted,
            Exit::Unavailable => Self::Unavailable,
            Exit::Failure | Exit::Usage | Exit::Internal | Exit::Configuration => Self::Failure,
        }
    }

    /// Its label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Fresh => "skipped_window",
            Self::Held => "skipped_lock",
            Self::Interrupted => "interrupted",
            Self::Unavailable => "unavailable",
            Self::Failure => "failure",
        }
    }
}
