//! SIGTERM, SIGINT and SIGHUP: the first asks the run to stop, a second ends the process at once (spec 02). A signal that the
//! parent process ignores, as under `nohup`, stays ignored.
//!
//! ```text
//!   signal ──▶ grace: work continues ──▶ claims are released ──▶ the run is closed ──▶ the process ends
//!              │                         │ 2.5 s                 │ 4 s                 │ 4.6 s after the grace
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

/// How long after the grace to wait for the last answers about claims, so that the result can report them.
pub const TOLD: Duration = Duration::from_millis(2_200);
/// How long after the grace claims must be released.
pub const RELEASED: Duration = Duration::from_millis(2_500);
/// How long after the grace the run must be closed.
pub const FINISHED: Duration = Duration::from_secs(4);
/// How long after the grace the process ends, whatever it waits for.
pub const ENDED: Duration = Duration::from_millis(4_600);
/// How long after a signal a command ends that has not begun a run, and so has nothing to release.
const NOTHING_BEGUN: Duration = Duration::from_secs(1);

/// Whether a signal has asked the run to stop, and which.
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
    /// Installs the handlers for the rest of the process. Further calls return the same signals.
    ///
    /// # Errors
    /// If the operating system refuses the handlers.
    pub fn listen() -> std::io::Result<Self> {
        if let Some(signals) = LISTENING.get() {
            return Ok(signals.clone());
        }
        let signals = Self::default();
        let ignored = ignored();
        let mut terminate = unless(ignored, SignalKind::terminate())?;
        let mut interrupt = unless(ignored, SignalKind::interrupt())?;
        let mut hang_up = unless(ignored, SignalKind::hangup())?;
        let heard = signals.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    () = next(&mut terminate) => Exit::Terminated,
                    () = next(&mut interrupt) => Exit::Interrupted,
                    () = next(&mut hang_up) => Exit::Terminated,
                };
                if heard.stopping.is_cancelled() {
                    tracing::warn!("second signal, ending at once; `recover` takes back what was in flight");
                    heard.bid_farewell();
                    std::process::exit(exit.code().into());
                }
                tracing::info!(signal = ?exit, "asked to stop, winding up");
                heard.exit.store(exit.code(), Ordering::SeqCst);
                let _ = heard.since.set(clock::start());
                heard.stopping.cancel();
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

    /// Records that a run begins, whose work may continue for `grace` after a signal.
    pub fn begin_run(&self, grace: Duration) {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = grace;
        self.has_begun.store(true, Ordering::SeqCst);
    }

    /// Waits for a signal.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Whether a signal has arrived.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// The time left until `after_grace` past the grace; `None` without a signal.
    fn left(&self, after_grace: Duration) -> Option<Duration> {
        let since = self.since.get()?;
        let grace = *self.grace.lock().unwrap_or_else(PoisonError::into_inner);
        Some((grace + after_grace).saturating_sub(since.elapsed()))
    }

    /// Waits until `after_grace` past the grace that follows a signal; forever if none arrives.
    pub async fn overdue(&self, after_grace: Duration) {
        self.stopping().await;
        match self.left(after_grace) {
            Some(left) => tokio::time::sleep(left).await,
            None => pending().await,
        }
    }

    /// Waits until `time` after a signal, whatever the grace.
    pub async fn heard_for(&self, time: Duration) {
        self.stopping().await;
        tokio::time::sleep(time).await;
    }

    /// Waits until the process must end.
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

/// A bit mask of the signals that the parent process ignores; none if it can't be read.
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
