//! Trying a transaction again that another one got in the way of.

use super::{Result, StoreError};

/// How often a transaction is tried in all. Whoever loses so often in a row does not lose to chance.
const MOST_TRIES: u32 = 8;

/// Runs a transaction until it does not end in a conflict. Each try begins from nothing, since the one before was rolled back.
pub(super) async fn retrying<T, F: Future<Output = Result<T>>>(
    mut transaction: impl FnMut() -> F,
) -> Result<T, StoreError> {
    let mut tries = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_conflict() && tries < MOST_TRIES => tries += 1,
            other => return other,
        }
    }
}
