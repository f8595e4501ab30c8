//! The trace of this process, if a collector is configured.

use tracing::Span;

use super::logging::Listener;
use crate::monitor::traces::Traces;
use crate::run::lifecycle::Ended;
use crate::run::spans;

/// The trace, and the run's span in it.
pub struct Trace {
    traces: Option<Traces>,
    wrong: Option<String>,
    /// The run's span.
    pub span: Span,
}

impl Trace {
    /// Reads from the environment whether to trace.
    pub fn begin() -> Self {
        let (traces, wrong) = match Traces::begin() {
            Ok(traces) => (traces, None),
            Err(why) => (None, Some(why)),
        };
        Self { traces, wrong, span: Span::none() }
    }

    /// The layer to add beside the log.
    pub fn listener(&self) -> Option<Listener> {
        self.traces.as_ref().map(|traces| traces.layer(spans::TARGET))
    }

    /// Begins the run's span. The log and the listener must have started.
    pub fn begin_run(&mut self, name: &str) {
        if let Some(why) = &self.wrong {
            tracing::warn!(why, "there will be no traces");
        }
        if let Some(traces) = &self.traces {
            self.span = spans::run(name);
            traces.adopt(&self.span);
        }
    }

    /// Records the run's outcome.
    pub fn end_run(&self, ended: &Ended) {
        spans::end_run(&self.span, ended);
    }

    /// Sends the remaining spans.
    pub fn end(self) {
        drop(self.span);
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}
