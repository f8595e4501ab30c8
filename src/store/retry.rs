//! Retries transactions after a conflict with another one, or after a lost response.

use std::time::Duration;

use super::{Result, StoreError};
use crate::clock;

/// How often a transaction is tried in all. One that fails this often does not fail by chance.
const MOST_TRIES: u32 = 8;
/// The first pause, which doubles with every retry, so that two transactions do not collide again.
const PAUSE_MS: f64 = 4.0;

/// Runs a transaction, and retries it after a conflict. Each try starts over, because the previous one was rolled back.
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

/// The same for an idempotent transaction: after a lost response it is sent once more, on another connection. If that fails as well, the
/// response stays lost.
pub(super) async fn answered<T, F: Future<Output = Result<T>>>(
    mut transaction: impl FnMut() -> F,
) -> Result<T, StoreError> {
    match retrying(&mut transaction).await {
        Err(lost) if lost.is_unsure() => {
            tracing::warn!(error = %lost, "a response was lost, trying again");
            let again = retrying(&mut transaction).await;
            again.map_err(|error| lost.because(|why| format!("{why}; tried again: {}", error.message())))
        }
        other => other,
    }
}
