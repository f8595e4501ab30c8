//! `report`: reads the report's data from the database. `cli::page` renders it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::health::{self, Examined};
use super::stats::{SAMPLE, before};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::history::executions::Execution;
use crate::store::history::figures::MemorySums;
use crate::store::history::spans::{Grain, Outcomes, Runs};
use crate::store::history::stages::{Sample, Slow, StageFigures};

/// How many of the slowest conversations are listed.
const SLOWEST: i64 = 10;

/// The settings of a report.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How far to look back.
    pub since: Duration,
    /// When a conversation is due, and when it is stuck.
    pub health: health::Settings,
}

/// The report's data.
#[derive(Debug)]
pub struct Report {
    /// The pipeline's health now.
    pub examined: Examined,
    /// The report's start.
    pub since: DateTime<Utc>,
    /// The length of a span.
    pub grain: Grain,
    /// All spans in order, also those without a run.
    pub spans: Vec<DateTime<Utc>>,
    /// Runs by span and job.
    pub runs: Vec<Runs>,
    /// Conversations by span.
    pub outcomes: Vec<Outcomes>,
    /// The stages.
    pub stages: Vec<StageFigures>,
    /// Facts and tokens.
    pub memory: MemorySums,
    /// The slowest conversations.
    pub slowest: Vec<Slow>,
    /// The latest execution of each job.
    pub latest: Vec<Execution>,
    /// The most runs that `stages` and `slowest` were read from.
    pub sample: i64,
}

/// Reads the data.
pub async fn gather(settings: &Settings, store: &Store) -> Result<Report, RunError> {
    let examined = health::examine(&settings.health, store).await?;
    let now = examined.now;
    let grain = if settings.since <= Duration::from_hours(48) { Grain::Hour } else { Grain::Day };
    let since = before(now, settings.since);
    let sample = Sample { since, runs: SAMPLE };
    Ok(Report {
        examined,
        since,
        grain,
        spans: spans(since, now, grain),
        runs: store.runs_by_span(since, grain).await?,
        outcomes: store.outcomes_by_span(since, grain).await?,
        stages: store.stage_figures(&sample).await?,
        memory: store.memory_sums(&sample).await?,
        slowest: store.slowest_conversations(&sample, SLOWEST).await?,
        latest: store.latest_executions().await?,
        sample: SAMPLE,
    })
}

/// An instant in each span from `since` to `now`.
fn spans(since: DateTime<Utc>, now: DateTime<Utc>, grain: Grain) -> Vec<DateTime<Utc>> {
    let step = if grain == Grain::Day { TimeDelta::days(1) } else { TimeDelta::hours(1) };
    let mut spans: Vec<_> =
        std::iter::successors(Some(since), |at| at.checked_add_signed(step)).take_while(|at| *at <= now).collect();
    if spans.last().is_none_or(|last| grain.name(*last) < grain.name(now)) {
        spans.push(now);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_no_gap_and_end_now() {
        let at = |text: &str| -> DateTime<Utc> { text.parse().expect("a time") };
        let names = |since, until, grain: Grain| -> Vec<String> {
            spans(at(since), at(until), grain).into_iter().map(|at| grain.name(at)).collect()
        };
        let days = names("2026-11-20T23:00:00Z", "2026-11-22T01:00:00Z", Grain::Day);
        assert_eq!(days, ["2026-11-20", "2026-11-21", "2026-11-22"]);
        let hours = names("2026-11-22T00:30:00Z", "2026-11-22T02:00:00Z", Grain::Hour);
        assert_eq!(hours, ["2026-11-22T00", "2026-11-22T01", "2026-11-22T02"]);
    }
}
