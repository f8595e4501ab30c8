//! Trying a transaction again that another one got in the way of, or whose answer was lost.

use std::time::Duration;

use super::{Result, StoreError};
use crate::clock;

/// How often a transaction is tried in all. Whoever loses so often in a row does not lose to chance.
const MOST_TRIES: u32 = 8;
/// The first pause, which doubles: two that have met do not meet again.
const PAUSE_MS: f64 = 4.0;

/// Runs a transaction until it does not end in a conflict. Each try begins from nothing, since the one before was rolled back.
pub(super) async fn retrying<T, F: Future<Output = Result<T>>>(
    mut transaction: impl FnMut() -> F,
) -> Result<T, StoreError> {
    let mut tries = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_conflict() && tries < MOST_TRIES => {
                let pause = PAUSE_MS * f64::from(1_u32 << (tries - 1)) * (0.5 + clock::chance());
                tokio::time::sleep(Duration::from_secs_f64(pause / 1000.0)).await;
                tries += 1;
            }
            other => return other,
        }
    }
}

/// The same for a transaction that is guarded, so that it does no harm a second time: one whose answer was lost is sent once more, on
/// another connection. Where that is lost, too, so is the answer.
pub(super) async fn answered<T, F: Future<Output = Result<T>>>(
    mut transaction: impl FnMut() -> F,
) -> Result<T, StoreError> {
    match retrying(&mut transaction).await {
        Err(lost) if lost.is_unsure() => {
            tracing::warn!(error = %lost, "an answer is lost, asking again");
            let again = retrying(&mut transaction).await;
            again.map_err(|error| lost.because(|why| format!("{why}; asked again: {}", error.message())))
        }
        other => other,
    }
}
