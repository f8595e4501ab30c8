//! `migrate`: brings the schema up to date under a lease, and ends at a signal. It has no execution record, because the table of
//! executions might not exist yet.

use std::time::Duration;

use crate::clock;
use crate::run::error::RunError;
use crate::run::lifecycle::this_process;
use crate::run::signals::Signals;
use crate::store::Store;
use crate::store::migrate::Plan;
use crate::store::runs::Lease;

/// How long a killed `migrate` blocks the next one.
const LEASE: Duration = Duration::from_secs(30);

/// Migrates. Returns what was done, or none if a signal ended it; the next `migrate` continues from there.
///
/// # Errors
/// If the database refuses a statement, or another `migrate` holds the lease for too long.
pub async fn work(store: &Store, signals: &Signals) -> Result<Option<Plan>, RunError> {
    let key = "job:migrate".to_owned();
    let lease = Lease { key, execution: clock::new_execution(), token: clock::new_token(), length: LEASE };
    signals.begin_run(Duration::ZERO);
    Ok(store.migrate_under_lease(&lease, &this_process(), signals.stopping()).await?)
}
