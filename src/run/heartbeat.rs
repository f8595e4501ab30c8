//! The heartbeat: renews a run's lease every third of its length, and ends the run before the lease can end unseen.
//!
//! ```text
//!   renewed ──(a third)──▶ renew ──ok──▶ renewed
//!                            │
//!                            ├── the lease is not ours any more ───────────────▶ lost
//!                            └── no answer ──▶ again soon, until lease end - margin ──▶ lost
//! ```

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::progress::Progress;
use crate::clock;
use crate::store::Store;
use crate::store::runs::Lease;

/// Renews until it is dropped or aborted; where the lease is lost, cancels `lost` and ends with the reason.
pub(super) async fn beat(store: Store, lease: Lease, progress: Progress, lost: CancellationToken) -> RunError {
    let third = lease.length / 3;
    // Writes must have stopped before another host may judge the lease dead.
    let margin = lease.length / 6;
    let mut renewed = clock::start();
    loop {
        tokio::time::sleep(third.saturating_sub(renewed.elapsed())).await;
        loop {
            let asked = clock::start();
            let left = lease.length.saturating_sub(margin).saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, store.renew_lease(&lease, &progress.to_json())).await {
                Ok(Ok(true)) => {
                    // The lease counts from when the database answered at the earliest, hence from the question.
                    renewed = asked;
                    break;
                }
                Ok(Ok(false)) => return give_up(&lost, RunError::LeaseLost("another run has taken it, or it ran out")),
                Ok(Err(error)) => {
                    tracing::warn!(error = %error, "lease not renewed, trying again");
                    tokio::time::sleep((lease.length / 30).min(Duration::from_secs(1))).await;
                }
                Err(_) => return give_up(&lost, RunError::LeaseOutage("it could not be renewed in time")),
            }
        }
    }
}

fn give_up(lost: &CancellationToken, why: RunError) -> RunError {
    tracing::error!(error = %why, "lease lost, stopping all writes");
    lost.cancel();
    why
}
