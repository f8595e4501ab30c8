//! `check`: tests every promise against the database and lists the rows that break it (spec 01). The promises are in `store::promises`.

use std::time::Duration;

use super::look::Look;
use super::stats::before;
use crate::domain::exit::Exit;
use crate::domain::result::{BrokenRow, CheckResult, PromiseAnswer, Status};
use crate::run::error::RunError;
use crate::store::promises::{Breach, PROMISES};
use crate::store::{Class, Store};

/// The settings of a check.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Check only rows that changed within this time; none checks all.
    pub since: Option<Duration>,
    /// The most rows to list for one promise.
    pub rows: i64,
}

/// Checks every promise. The exit code is 1 if one is broken.
pub async fn query(settings: Settings, store: &Store) -> Result<Look, RunError> {
    let now = store.now().await?;
    let since = settings.since.map(|since| before(now, since));
    let most = usize::try_from(settings.rows).unwrap_or(usize::MAX);
    let mut answers = Vec::new();
    for promise in PROMISES {
        let mut rows = match store.breaches(promise, since, settings.rows + 1).await {
            // A value that the database can't compute with must not hide the answers to the others.
            Err(error) if error.class() == Class::Row => {
                vec![Breach { id: String::new(), found: format!("can't be checked: {error}") }]
            }
            rows => rows?,
        };
        let more = rows.len() > most;
        rows.truncate(most);
        let rows = rows.into_iter().map(|it| BrokenRow { id: it.id, found: it.found }).collect();
        answers.push(PromiseAnswer {
            name: promise.name,
            promise: promise.sentence,
            limits: promise.limits,
            rows,
            more,
        });
    }
    let broken = answers.iter().filter(|it| !it.rows.is_empty()).count();
    let (status, exit) = if broken == 0 { (Status::Ok, Exit::Success) } else { (Status::Broken, Exit::Failure) };
    let found = CheckResult { since, checked: answers.len(), broken, promises: answers };
    Ok(Look { own: found.into(), status, exit })
}
