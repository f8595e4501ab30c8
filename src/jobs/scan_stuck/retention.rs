//! Retention: deletes executions that ended long ago, in chunks (spec 06).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::run::error::RunError;
use crate::run::lifecycle::Run;
use crate::store::{Class, Store};

/// How many executions a transaction deletes: few enough that nobody waits for it.
const CHUNK: i64 = 1_000;
/// How many executions a run deletes. The next run continues, so that a table that has grown for years does not make one run endless.
const MOST: i64 = 50 * CHUNK;

/// The result of a run's deletions.
#[derive(Debug, Default)]
pub(super) struct Pruned {
    /// How many executions were deleted.
    pub many: u64,
    /// Why others could not be deleted.
    pub error: Option<String>,
}

/// Deletes executions that ended longer than `retain` ago; with `None` nothing. A signal ends it between two chunks. If the database refuses,
/// because another table references a row or the user may not delete, only the retention fails, not the run.
pub(super) async fn prune(retain: Option<Duration>, run: &Run) -> Result<Pruned, RunError> {
    let mut pruned = Pruned::default();
    let Some(cutoff) = cutoff(retain, run.now) else { return Ok(pruned) };
    for _ in 0..MOST / CHUNK {
        if run.signals.is_stopping() {
            break;
        }
        match run.store.prune(cutoff, CHUNK).await {
            Ok(many) => {
                pruned.many += many;
                if many < CHUNK.unsigned_abs() {
                    break;
                }
            }
            Err(error) if error.class() == Class::Server => return Err(error.into()),
            Err(error) => {
                tracing::error!(error = %error, "old executions were not deleted");
                pruned.error = Some(error.to_string());
                break;
            }
        }
    }
    if pruned.many > 0 {
        tracing::info!(pruned = pruned.many, "old executions deleted");
    }
    Ok(pruned)
}

/// How many [`prune`] would delete now.
pub(super) async fn preview(retain: Option<Duration>, store: &Store, now: DateTime<Utc>) -> Result<i64, RunError> {
    match cutoff(retain, now) {
        Some(cutoff) => Ok(store.count_prunable(cutoff, MOST).await?),
        None => Ok(0),
    }
}

fn cutoff(retain: Option<Duration>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::from_std(retain?).ok()?)
}
