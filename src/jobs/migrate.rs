//! `migrate`: brings the schema up to date, one at a time, and ends at a signal. It is no run: it has a lease, and no execution, because
//! the table of executions may not be there yet.

use std::time::Duration;

use crate::clock;
use crate::run::error::RunError;
use crate::run::lifecycle::this_process;
use crate::run::signals::Signals;
use crate::store::Store;
use crate::store::migrate::Plan;
use crate::store::runs::Lease;

/// How long a `migrate` that was killed holds up the next.
const LEASE: Duration = Duration::from_secs(30);

/// Migrates; what was done, or nothing where a signal has ended it. Run again it goes on where it was.
///
/// # Errors
/// Where the database refuses, and where another `migrate` is at work for too long.
pub async fn work(store: &Store, signals: &Signals) -> Result<Option<Plan>, RunError> {
    let key = "job:migrate".to_owned();
    let lease = Lease { key, execution: clock::new_execution(), token: clock::new_token(), length: LEASE };
    signals.begin_run(Duration::ZERO);
    Ok(store.migrate_under_lease(&lease, &this_process(), signals.stopping()).await?)
}
