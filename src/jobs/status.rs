//! `status`: one execution with its live progress, or the latest execution of each job (spec 01).

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::look::Look;
use crate::domain::ids::ExecutionId;
use crate::domain::job::Job;
use crate::domain::result::{
    ExecutionResult, ExecutionStatus, JobStatus, LeaseState, RunsResult, StatusResult, Stored,
};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::history::executions::{Execution, Listed};

/// The most live runs to list.
const MOST_LIVE: i64 = 100;

/// Runs the command for the execution with this id, or for the latest of each job.
pub async fn query(id: Option<ExecutionId>, store: &Store) -> Result<Look, RunError> {
    let now = store.now().await?;
    let Some(id) = id else {
        let latest = store.latest_executions().await?;
        let found = by_job(&latest).map(|(job, execution)| JobStatus {
            job: job.to_owned(),
            execution: execution.map(|it| without_conversations(describe(it, now))),
        });
        let live = store.live_executions(MOST_LIVE).await?;
        let live = live.iter().map(|it| without_conversations(describe(it, now))).collect();
        return Ok(Look::ok(StatusResult { live, jobs: found.collect() }));
    };
    let execution = store.execution(id).await?.ok_or_else(|| {
        RunError::Failed(format!("there is no execution {id}; `nikita-jobs status` lists the latest of each job"))
    })?;
    Ok(Look::ok(Box::new(ExecutionResult { execution: describe(&execution, now) })))
}

/// Runs the command with `--since`: lists at most `most` runs.
pub async fn list(listed: &Listed, since: DateTime<Utc>, most: i64, store: &Store) -> Result<Look, RunError> {
    let now = store.now().await?;
    let mut found = store.executions(listed, most + 1).await?;
    let kept = usize::try_from(most).unwrap_or(usize::MAX);
    let more = found.len() > kept;
    found.truncate(kept);
    let runs = found.iter().map(|it| without_conversations(describe(it, now))).collect();
    Ok(Look::ok(RunsResult { since, runs, more }))
}

/// The latest execution of each job: our jobs first, even if they never ran.
pub fn by_job(latest: &[Execution]) -> impl Iterator<Item = (&str, Option<&Execution>)> {
    let ours = Job::ALL.map(Job::as_str).into_iter().map(|job| (job, latest.iter().find(|it| it.job == job)));
    let others = latest.iter().filter(|it| Job::find(&it.job).is_none()).map(|it| (it.job.as_str(), Some(it)));
    ours.chain(others)
}

/// An execution for a result.
fn describe(it: &Execution, now: DateTime<Utc>) -> ExecutionStatus {
    let running = it.status == "running";
    ExecutionStatus {
        execution_id: it.id.clone(),
        job: it.job.clone(),
        status: it.status.clone(),
        started_at: it.started_at,
        completed_at: it.completed_at,
        duration_ms: it.duration_ms,
        elapsed_ms: running.then(|| (now - it.started_at).num_milliseconds().max(0)),
        age_seconds: (now - it.completed_at.unwrap_or(it.started_at)).num_seconds().max(0),
        cost_usd: it.cost_usd.clone(),
        host: it.host.clone(),
        pid: it.pid,
        lease: lease(it, now),
        heartbeat_at: it.heartbeat_at,
        heartbeat_age_seconds: it.heartbeat_at.filter(|_| running).map(|at| (now - at).num_seconds().max(0)),
        progress: Stored::read(&it.result).progress.filter(|_| running),
        result: if running { Value::Null } else { it.result.clone() },
    }
}

/// The lease's state while the execution runs; unknown for other programs' executions, none after the end.
fn lease(it: &Execution, now: DateTime<Utc>) -> Option<LeaseState> {
    if it.status != "running" {
        return None;
    }
    Some(match (it.lease_expires_at, it.heartbeat_at) {
        (Some(until), _) if until > now => LeaseState::Live,
        (None, None) => LeaseState::Unknown,
        _ => LeaseState::Dead,
    })
}

/// Removes the conversations, which would bloat a list of executions.
fn without_conversations(mut execution: ExecutionStatus) -> ExecutionStatus {
    if let Some(result) = execution.result.as_object_mut() {
        result.remove("conversations");
    }
    execution
}
