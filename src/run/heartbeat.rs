//! The heartbeat: renews a run's lease every third of its length, and stops the run before the lease can expire unnoticed.
//!
//! ```text
//!   renewed ──(a third)──▶ renew ──ok──▶ renewed
//!                            │
//!                            ├── the lease is no longer ours ──────────────────▶ lost
//!                            └── no answer ──▶ retry until lease end - margin ──▶ lost
//! ```

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::progress::Progress;
use crate::clock;
use crate::store::Store;
use crate::store::runs::Lease;

/// Renews until it is dropped or aborted. If the lease is lost, cancels `lost` and returns the reason.
pub(super) async fn beat(store: Store, lease: Lease, progress: Progress, lost: CancellationToken) -> RunError {
    let third = lease.length / 3;
    // Writes must have stopped before another host can consider the lease expired.
    let margin = lease.length / 6;
    let mut renewed = clock::start();
    loop {
        tokio::time::sleep(third.saturating_sub(renewed.elapsed())).await;
        loop {
            let asked = clock::start();
            let left = lease.length.saturating_sub(margin).saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, store.renew_lease(&lease, &progress.to_json())).await {
                Ok(Ok(true)) => {
                    // The database set the new expiry after the request was sent; counting from the request is safe.
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
