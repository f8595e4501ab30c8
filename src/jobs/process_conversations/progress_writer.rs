//! Writes a run's progress for clients that poll it: after each claim and each stage, at most once a second.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::ExecutionId;
use crate::run::lifecycle::Run;
use crate::run::progress::Progress;
use crate::store::Store;

/// The shortest time between two writes.
const PAUSE: Duration = Duration::from_secs(1);
/// How many of the latest conversations the estimate of the duration uses.
const LATEST: usize = 100;

/// The task that writes. Dropping it stops it.
pub(super) struct ProgressWriter {
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl ProgressWriter {
    /// Starts the task; `at_once` conversations run concurrently.
    pub(super) fn begin(run: &Run, at_once: usize) -> Self {
        let over = CancellationToken::new();
        let told = tell(run.store.clone(), run.execution, run.progress.clone(), at_once, over.clone());
        Self { over, task: tokio::spawn(told) }
    }

    /// Stops the task after the current write.
    pub(super) async fn end(mut self) {
        self.over.cancel();
        let _ = (&mut self.task).await;
    }
}

impl Drop for ProgressWriter {
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
        // Only now, because a run that ends within a second needs no estimate.
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

/// The median duration of the latest conversations.
async fn median(store: &Store) -> crate::store::Result<Option<Duration>> {
    let attempts = store.latest_attempts().await?;
    let mut times: Vec<f64> = attempts.iter().filter_map(|it| it.duration_ms).take(LATEST).collect();
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied();
    Ok(middle.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()))
}
