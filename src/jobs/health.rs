//! `health`: whether the pipeline is healthy, degraded or unhealthy (spec 01). The rules are in `core::health`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{Look, rounded};
use crate::core::health::{Observed, Stuck, Verdict, judge};
use crate::domain::result::HealthResult;
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::claims::Due;

/// How far back to look for another program that completes our jobs: the slowest schedule is daily.
const FOREIGN_FOR: TimeDelta = TimeDelta::hours(24);

/// How long a recovery is told of.
const RECOVERED_FOR: TimeDelta = TimeDelta::hours(1);

/// When a conversation is due and when it is stuck, as for the jobs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long after its last message a conversation is over.
    pub session_timeout: Duration,
    /// The share of players whose conversations are processed, in percent. Others' conversations do not count as pending.
    pub rollout: u8,
    /// How long a conversation in processing can be idle before it is stuck.
    pub idle: Duration,
}

/// The observations and the verdict.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The time of the queries, by the database's clock.
    pub now: DateTime<Utc>,
    /// The observations.
    pub observed: Observed,
    /// When a run of `process-conversations` last completed.
    pub last_completed: Option<DateTime<Utc>>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Queries the database and judges.
pub async fn examine(settings: &Settings, store: &Store) -> Result<Examined, RunError> {
    let now = store.now().await?;
    let last_completed = store.last_completion("process-conversations", now).await?;
    let observed = Observed {
        attempts: store.latest_attempts().await?,
        pending: store
            .pending(&Due { now, session_timeout: settings.session_timeout, rollout: settings.rollout })
            .await?,
        stuck: Stuck {
            conversations: store.count_stuck(settings.idle).await?,
            executions: store.count_dead_runs().await?,
        },
        foreign: store.foreign_completions(now - FOREIGN_FOR, now).await?,
        incredible: store.incredible_completions(now).await?,
        recovered: store.recovered_lately(now - RECOVERED_FOR).await?,
        idle_seconds: last_completed.map(|at| (now - at).num_seconds()),
    };
    let verdict = judge(&observed);
    Ok(Examined { now, observed, last_completed, verdict })
}

/// Runs the command.
pub async fn query(settings: &Settings, store: &Store) -> Result<Look, RunError> {
    let Examined { observed, last_completed, verdict, .. } = examine(settings, store).await?;
    let found = HealthResult {
        reasons: verdict.reasons,
        recent_success_rate: verdict.success_rate.map(|rate| rounded(rate, 4)),
        avg_duration_ms: verdict.avg_duration_ms.map(|ms| rounded(ms, 2)),
        stuck_conversations: observed.stuck.conversations,
        pending: observed.pending.count,
        oldest_pending_seconds: observed.pending.oldest_seconds,
        judged_conversations: verdict.judged,
        stuck_executions: observed.stuck.executions,
        last_completed_at: last_completed,
        recovered: observed.recovered,
        change: None,
    };
    Ok(Look { own: found.into(), status: verdict.health.status(), exit: verdict.health.exit() })
}
