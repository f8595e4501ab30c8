//! Findings that both databases share.

use crate::core::doctor::{Check, Mark};
use crate::run::error::RunError;
use crate::store::{Store, StoreError};

/// A failure, with the exit code that a job would have.
pub(super) fn failed(name: &'static str, error: StoreError) -> Check {
    let error = RunError::Store(error);
    let otherwise = "Make sure that the database runs and can be reached from this host; nothing is lost meanwhile";
    Check::failed(name, error.exit(), &error.to_string(), otherwise)
}

/// Whether the schema is this binary's. The next run of any job migrates an SQLite file.
pub(super) async fn schema(store: &Store, migrates_itself: bool) -> Check {
    let name = "database.schema";
    match store.check_schema().await {
        Ok(()) => Check::ok(name, "the schema is the one that this binary needs"),
        // Planning fails for a newer schema, which no run would migrate.
        Err(error) if migrates_itself && store.plan_migration().await.is_ok() => Check {
            mark: Mark::Warning,
            remedy: Some(
                "Nothing: the next run of a job brings it up to date, and so does `nikita-jobs migrate`".into(),
            ),
            ..failed(name, error)
        },
        Err(error) => failed(name, error),
    }
}

pub(super) fn skipped<const N: usize>(names: [&'static str; N], why: &'static str) -> [Check; N] {
    names.map(|name| Check::skipped(name, why))
}
