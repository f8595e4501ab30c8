//! SIGTERM and SIGINT: the first asks the run to wind up, a second ends the process at once (spec 02).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::domain::exit::Exit;

/// Whether, and by what, the run has been asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    stopping: CancellationToken,
    exit: Arc<AtomicU8>,
}

impl Signals {
    /// Listens from now on, for as long as the process lives.
    ///
    /// # Errors
    /// Where the operating system refuses the handlers.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let told = signals.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    _ = terminate.recv() => Exit::Terminated,
                    _ = interrupt.recv() => Exit::Interrupted,
                };
                if told.stopping.is_cancelled() {
                    tracing::warn!("second signal, ending at once; `recover` takes back what was in flight");
                    std::process::exit(exit.code().into());
                }
                tracing::info!(signal = ?exit, "asked to stop, winding up");
                told.exit.store(exit.code(), Ordering::SeqCst);
                told.stopping.cancel();
            }
        });
        Ok(signals)
    }

    /// Done when the run has been asked to stop.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Whether the run has been asked to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// The exit code of an interrupted run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.exit.load(Ordering::SeqCst) == Exit::Interrupted.code() { Exit::Interrupted } else { Exit::Terminated }
    }
}
