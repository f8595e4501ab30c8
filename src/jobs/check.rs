//! `check`: every promise, looked up in the database, with the rows that break it (spec 01). The list is `store::check`.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::look::{Look, fields};
use super::stats::before;
use crate::domain::exit::Exit;
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::check::{Breach, PROMISES};

/// What is looked at, and how much of it is listed.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Only rows that have changed in this time; none: all.
    pub since: Option<Duration>,
    /// The most rows that are listed of one promise.
    pub rows: i64,
}

/// A promise that was looked up.
#[derive(Debug, Serialize)]
struct Answer {
    name: &'static str,
    promise: &'static str,
    limits: Option<&'static str>,
    rows: Vec<Breach>,
    /// Whether more rows than these break it.
    more: bool,
}

/// Asks for every promise. The exit code is 1 where one is broken.
pub async fn look(settings: Settings, store: &Store) -> Result<Look, RunError> {
    let now = store.now().await?;
    let since = settings.since.map(|since| before(now, since));
    let most = usize::try_from(settings.rows).unwrap_or(usize::MAX);
    let mut answers = Vec::new();
    for promise in PROMISES {
        let mut rows = store.breaches(promise, since, settings.rows + 1).await?;
        let more = rows.len() > most;
        rows.truncate(most);
        answers.push(Answer { name: promise.name, promise: promise.sentence, limits: promise.limits, rows, more });
    }
    let broken = answers.iter().filter(|it| !it.rows.is_empty()).count();
    let (status, exit) = if broken == 0 { ("ok", Exit::Success) } else { ("broken", Exit::Failure) };
    let found = json!({ "since": since, "checked": answers.len(), "broken": broken, "promises": answers });
    Ok(Look { fields: fields(found), status, exit })
}
