//! Writes a run's progress while it works: when a claim is made and when a stage ends, at most once a second, so that whoever polls
//! sees where each conversation is.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::ExecutionId;
use crate::run::lifecycle::Run;
use crate::run::progress::Progress;
use crate::store::Store;

/// The shortest time between two writes.
const PAUSE: Duration = Duration::from_secs(1);
/// How many of the latest conversations say how long one takes.
const LATEST: usize = 100;

/// The task that writes; dropped, it writes no more.
pub(super) struct Telling {
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl Telling {
    /// Begins; `at_once` conversations are worked on at the same time.
    pub(super) fn begin(run: &Run, at_once: usize) -> Self {
        let over = CancellationToken::new();
        let told = tell(run.store.clone(), run.execution, run.progress.clone(), at_once, over.clone());
        Self { over, task: tokio::spawn(told) }
    }

    /// Ends, once a write that is under way is done.
    pub(super) async fn end(mut self) {
        self.over.cancel();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tell(store: Store, execution: ExecutionId, progress: Progress, at_once: usize, over: CancellationToken) {
    let mut pace_is_known = false;
    loop {
        tokio::select! {
            () = progress.moved() => {}
            () = over.cancelled() => return,
        }
        if let Err(error) = store.tell_progress(execution, &progress.to_json()).await {
            tracing::debug!(error = %error, "progress not written");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = over.cancelled() => return,
        }
        // A run that is over within a second needs no estimate.
        if !pace_is_known {
            pace_is_known = true;
            match median(&store).await {
                Ok(Some(each)) => progress.pace(each / u32::try_from(at_once).unwrap_or(1).max(1)),
                Ok(None) => {}
                Err(error) => tracing::debug!(error = %error, "no estimate"),
            }
        }
    }
}

/// How long the middle one of the latest conversations took.
async fn median(store: &Store) -> crate::store::Result<Option<Duration>> {
    let attempts = store.latest_attempts().await?;
    let mut times: Vec<f64> = attempts.iter().filter_map(|it| it.duration_ms).take(LATEST).collect();
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied();
    Ok(middle.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()))
}
