//! `stats`: what the runs within a time did, stage by stage (spec 01).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{Look, dollars, rounded};
use crate::domain::result::{FactCounts, JobCounts, OutcomeCounts, StatsResult, TokenCounts};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::history::spans::{Grain, Outcomes, Runs};
use crate::store::history::stages::{Sample, StageFigures};

/// The most runs whose conversations are read one by one: about four days with a busy run every minute, read in about a second.
pub const SAMPLE: i64 = 5_000;

/// The instant `span` before `now`.
#[must_use]
pub fn before(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(span).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Runs the command.
pub async fn query(since: Duration, store: &Store) -> Result<Look, RunError> {
    let since = before(store.now().await?, since);
    let runs = store.runs_by_span(since, Grain::Day).await?;
    let outcomes = sum(&store.outcomes_by_span(since, Grain::Day).await?);
    let sample = Sample { since, runs: SAMPLE };
    let stages = store.stage_figures(&sample).await?;
    let sums = store.memory_sums(&sample).await?;
    let pipeline: Vec<_> = runs.iter().filter(|it| it.job == "process-conversations").collect();
    let times = |of: fn(&StageFigures) -> f64| -> BTreeMap<String, f64> {
        stages.iter().map(|it| (it.stage.clone(), rounded(of(it), 2))).collect()
    };
    let counts = |of: fn(&StageFigures) -> i64| -> BTreeMap<String, i64> {
        stages.iter().map(|it| (it.stage.clone(), of(it))).collect()
    };
    Ok(Look::ok(Box::new(StatsResult {
        since,
        total_executions: pipeline.iter().map(|it| it.total).sum(),
        success_count: pipeline.iter().map(|it| it.completed).sum(),
        failure_count: counts(|it| it.failures),
        avg_duration_ms: times(|it| it.avg_ms),
        p95_duration_ms: times(|it| it.p95_ms),
        slowest_stage: slowest(&stages).map(|it| it.stage.clone()),
        cost_usd: dollars(runs.iter().map(|it| it.cost_usd).sum()),
        p50_duration_ms: times(|it| it.p50_ms),
        max_duration_ms: times(|it| it.max_ms),
        count: counts(|it| it.count),
        conversations: OutcomeCounts {
            success: outcomes.processed - outcomes.partial - outcomes.skipped,
            partial_success: outcomes.partial,
            retrying: outcomes.retrying,
            failed: outcomes.failed,
            skipped: outcomes.skipped,
            released: outcomes.released,
        },
        facts: FactCounts {
            learned: sums.facts,
            unsupported: sums.unsupported,
            unsupported_share: share(sums.unsupported, sums.facts),
        },
        tokens: TokenCounts { input: sums.input, cached: sums.cached, cached_share: share(sums.cached, sums.input) },
        jobs: by_job(&runs),
        sampled_executions: outcomes.runs.min(SAMPLE),
        sample_is_whole: outcomes.runs <= SAMPLE,
    })))
}

/// A part of a whole, from 0 to 1; none if the whole is 0.
#[must_use]
pub fn share(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = part as f64 / whole as f64;
    (whole > 0).then(|| rounded(share, 4))
}

/// The stage with the longest average duration.
#[must_use]
pub fn slowest(stages: &[StageFigures]) -> Option<&StageFigures> {
    stages.iter().max_by(|a, b| a.avg_ms.total_cmp(&b.avg_ms))
}

/// The sum of all spans.
#[must_use]
pub fn sum(spans: &[Outcomes]) -> Outcomes {
    spans.iter().fold(Outcomes::default(), |sum, it| Outcomes {
        span: String::new(),
        runs: sum.runs + it.runs,
        processed: sum.processed + it.processed,
        partial: sum.partial + it.partial,
        skipped: sum.skipped + it.skipped,
        retrying: sum.retrying + it.retrying,
        failed: sum.failed + it.failed,
        released: sum.released + it.released,
    })
}

fn by_job(runs: &[Runs]) -> BTreeMap<String, JobCounts> {
    let mut jobs: BTreeMap<&str, (i64, i64, i64, f64)> = BTreeMap::new();
    for it in runs {
        let (total, completed, failed, cost) = jobs.entry(&it.job).or_default();
        *total += it.total;
        *completed += it.completed;
        *failed += it.failed;
        *cost += it.cost_usd;
    }
    let entry = |(job, (total, completed, failed, cost)): (&str, (i64, i64, i64, f64))| {
        let running = total - completed - failed;
        (job.to_owned(), JobCounts { total, completed, failed, running, cost_usd: dollars(cost) })
    };
    jobs.into_iter().map(entry).collect()
}
