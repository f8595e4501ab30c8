//! SIGTERM, SIGINT and SIGHUP: the first asks the run to wind up, a second ends the process at once (spec 02). One that the parent ignores,
//! as `nohup` does, stays ignored.
//!
//! ```text
//!   signal ──▶ work may go on for the grace ──▶ what is in hand is given back ──▶ the run is closed ──▶ the process ends
//!              │                                │ 2.5 s                           │ 4 s                │ 4.6 s
//! ```

use std::fmt;
use std::fs;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::domain::exit::Exit;

/// After the grace, until when the last answer about claims is waited for, so that what became of them can be told.
pub const TOLD: Duration = Duration::from_millis(2_200);
/// Until when claims are given back.
pub const RELEASED: Duration = Duration::from_millis(2_500);
/// Until when the run is closed.
pub const FINISHED: Duration = Duration::from_secs(4);
/// Until when the process has ended, whatever it waits for.
pub const ENDED: Duration = Duration::from_millis(4_600);
/// The same for a command that has not begun a run: it has nothing to give back.
const NOTHING_BEGUN: Duration = Duration::from_secs(1);

/// Whether, and by what, the run has been asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    stopping: CancellationToken,
    exit: Arc<AtomicU8>,
    since: Arc<OnceLock<Instant>>,
    grace: Arc<Mutex<Duration>>,
    has_begun: Arc<AtomicBool>,
    farewell: Arc<Mutex<Option<Farewell>>>,
}

/// What is done when a second signal ends the process: no destructor runs then.
#[derive(Clone)]
struct Farewell(Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Farewell")
    }
}

static LISTENING: OnceLock<Signals> = OnceLock::new();

impl Signals {
    /// Listens from now on, for as long as the process lives; whoever asks again is told of the same.
    ///
    /// # Errors
    /// Where the operating system refuses the handlers.
    pub fn listen() -> std::io::Result<Self> {
        if let Some(signals) = LISTENING.get() {
            return Ok(signals.clone());
        }
        let signals = Self::default();
        let ignored = ignored();
        let mut terminate = unless(ignored, SignalKind::terminate())?;
        let mut interrupt = unless(ignored, SignalKind::interrupt())?;
        let mut hang_up = unless(ignored, SignalKind::hangup())?;
        let told = signals.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    () = next(&mut terminate) => Exit::Terminated,
                    () = next(&mut interrupt) => Exit::Interrupted,
                    () = next(&mut hang_up) => Exit::Terminated,
                };
                if told.stopping.is_cancelled() {
                    tracing::warn!("second signal, ending at once; `recover` takes back what was in flight");
                    told.bid_farewell();
                    std::process::exit(exit.code().into());
                }
                tracing::info!(signal = ?exit, "asked to stop, winding up");
                told.exit.store(exit.code(), Ordering::SeqCst);
                let _ = told.since.set(clock::start());
                told.stopping.cancel();
            }
        });
        Ok(LISTENING.get_or_init(|| signals).clone())
    }

    /// Does this where a second signal ends the process, until the next that is named or [`Self::forget_farewell`].
    pub fn at_the_end(&self, act: impl Fn() + Send + Sync + 'static) {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(Farewell(Arc::new(act)));
    }

    /// Nothing more is to be done then.
    pub fn forget_farewell(&self) {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn bid_farewell(&self) {
        let farewell = self.farewell.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Farewell(act)) = farewell {
            act();
        }
    }

    /// A run begins, whose work may go on for so long after a signal.
    pub fn begin_run(&self, grace: Duration) {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = grace;
        self.has_begun.store(true, Ordering::SeqCst);
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

    /// What is left until so long after the grace; none without a signal.
    fn left(&self, after_grace: Duration) -> Option<Duration> {
        let since = self.since.get()?;
        let grace = *self.grace.lock().unwrap_or_else(PoisonError::into_inner);
        Some((grace + after_grace).saturating_sub(since.elapsed()))
    }

    /// Done so long after the grace that follows a signal; without one, never.
    pub async fn overdue(&self, after_grace: Duration) {
        self.stopping().await;
        match self.left(after_grace) {
            Some(left) => tokio::time::sleep(left).await,
            None => pending().await,
        }
    }

    /// Done so long after a signal, whatever the grace.
    pub async fn heard_for(&self, time: Duration) {
        self.stopping().await;
        tokio::time::sleep(time).await;
    }

    /// Done when the process must end, whatever it waits for.
    pub async fn too_late(&self) {
        self.stopping().await;
        if self.has_begun.load(Ordering::SeqCst) {
            self.overdue(ENDED).await;
        } else {
            self.heard_for(NOTHING_BEGUN).await;
        }
    }

    /// The exit code of an interrupted run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.exit.load(Ordering::SeqCst) == Exit::Interrupted.code() { Exit::Interrupted } else { Exit::Terminated }
    }
}

/// The signals that the parent has told us to ignore, a bit each; none where nobody says.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

fn unless(ignored: u64, kind: SignalKind) -> std::io::Result<Option<Signal>> {
    let bit = u64::try_from(kind.as_raw_value() - 1).map_or(0, |place| 1 << place);
    if ignored & bit != 0 { Ok(None) } else { signal(kind).map(Some) }
}

async fn next(signal: &mut Option<Signal>) {
    let Some(signal) = signal else { return pending().await };
    if signal.recv().await.is_none() {
        pending::<()>().await;
    }
}
