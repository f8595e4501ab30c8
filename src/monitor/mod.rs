//! What a run tells the outside besides its exit code: a metrics file for `node_exporter` ([`metrics`]), pings for a dead man's
//! switch ([`ping`]), and traces for an OpenTelemetry collector ([`traces`]). None can fail a run.

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

/// How a run came out, for monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did its work.
    Success,
    /// It did its work, but for items that were given up.
    Partial,
    /// Another run had completed inside the window: the work is done.
    Fresh,
    /// Another run holds the lock, or the job is switched off: nobody knows yet.
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

    /// From an exit code, and from the reason of a skip.
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
