//! The life of a run (spec 02): begin, work under a heartbeat, finish. Every job goes through it.
//!
//! ```text
//!   precheck ▶ skipped                        lease held or window closed: nothing is set up
//!     │
//!     ▼
//!   begin ──▶ skipped                        the same, decided in a transaction: nothing is written
//!     │
//!     ▼
//!   work ───▶ lease lost ──▶ no more writes; another run closes the execution
//!     │
//!     ▼
//!   finish ─▶ completed | failed             only with the run's own token
//! ```

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::error::RunError;
use super::heartbeat::beat;
use super::progress::{Progress, Watch};
use super::signals::{FINISHED, RELEASED, Signals};
use super::warnings;
use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::ExecutionId;
use crate::domain::result::{ErrorBody, ErrorKind, JobResult, Own, SkipReason, SkipResult, Status};
use crate::store::precheck::{Gate, Precheck};
use crate::store::runs::{Begun, Lease, RunEnd, Runner};
use crate::store::{Store, StoreError};

/// The log target of failures, which the result also reports.
pub const FAILURES: &str = "nikita_jobs::failures";

/// The parameters of a run.
#[derive(Clone)]
pub struct Plan {
    /// The job: `job_executions.job_name`.
    pub job: &'static str,
    /// The unit of its progress.
    pub unit: &'static str,
    /// Whether the job can have several runs at a time. Each then has a lease of its own.
    pub overlap: bool,
    /// How long the lease lasts without a renewal.
    pub lease: Duration,
    /// How long after a completed run the next one is skipped; `None` for a forced run.
    pub window: Option<Duration>,
    /// How long its work may continue after a signal.
    pub grace: Duration,
    /// Called when the progress changes.
    pub watch: Option<Watch>,
    /// The run's id, if the caller has chosen one to poll it by.
    pub execution: Option<ExecutionId>,
}

impl Plan {
    /// The grace of a job that has no setting for it.
    pub const GRACE: Duration = Duration::from_secs(20);
}

/// How long after a signal to wait for `begin_run`'s answer, because only a run known to have begun can be closed.
const BEGUN: Duration = Duration::from_secs(2);

/// What a job works with.
pub struct Run {
    /// This run's id.
    pub execution: ExecutionId,
    /// The run's time, read once from the database's clock. All its decisions use it.
    pub now: DateTime<Utc>,
    /// How many earlier runs of the job had died, and were closed when it began.
    pub dead: u64,
    /// The database.
    pub store: Store,
    /// Whether a signal has asked it to stop.
    pub signals: Signals,
    /// How far it has come.
    pub progress: Progress,
}

/// A job's report at its end.
#[derive(Debug)]
pub struct Report {
    /// The job's own fields.
    pub own: Own,
    /// The exit code.
    pub exit: Exit,
    /// Why it did not succeed, if the job itself reports that.
    pub complaint: Option<ErrorBody>,
    /// Its cost in US dollars.
    pub cost_usd: Option<String>,
    /// What stopped it early. It decides the exit code.
    pub error: Option<RunError>,
}

/// A finished command: its result for stdout, and the exit code.
#[derive(Debug)]
pub struct Ended {
    /// The result.
    pub result: JobResult,
    /// The exit code, before `--skip-exit-code`.
    pub exit: Exit,
}

/// Runs a job once.
///
/// The execution is closed as `completed` if the job reports success or partial success, otherwise as `failed`.
pub async fn run(
    store: &Store,
    signals: &Signals,
    plan: &Plan,
    work: impl AsyncFnOnce(&Run) -> Result<Report, RunError>,
) -> Ended {
    match try_run(store, signals, plan, work).await {
        Ok(ended) => ended,
        Err(error) => failed(plan.job, &error),
    }
}

/// The result of a run that failed before it began, or whose end could not be written.
#[must_use]
pub fn failed(job: &str, error: &RunError) -> Ended {
    tracing::error!(target: FAILURES, error = %error, kind = %error.kind(), job, "run failed");
    Ended { result: JobResult::failure(job, error.exit(), error.body()), exit: error.exit() }
}

/// Why a run was skipped.
#[derive(Clone, Copy, Debug)]
pub struct Skip {
    /// The reason.
    pub reason: SkipReason,
    /// The run that blocked it.
    pub blocked_by: Option<ExecutionId>,
    /// When to try again.
    pub reopens_at: Option<DateTime<Utc>>,
    /// When the run that closed the window completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether another program made that run.
    pub foreign: bool,
}

/// The result of a skipped run.
#[must_use]
pub fn skipped(job: &str, skip: Skip, now: DateTime<Utc>) -> Ended {
    tracing::info!(job, reason = %skip.reason, blocked_by = skip.blocked_by.map(tracing::field::display), "run skipped");
    let Skip { reason, blocked_by, reopens_at, completed_at, foreign } = skip;
    let own = SkipResult { reason, blocked_by, reopens_at, completed_at, foreign };
    Ended { result: common(job, Status::Skipped, Exit::Skipped, None, Some(now), 0, own), exit: Exit::Skipped }
}

/// Prepares a new connection for a run, unless a precheck shows that the run will be skipped. Then it returns the skipped run's
/// result.
///
/// # Errors
/// If the schema does not fit this binary.
pub async fn precheck(store: &Store, plan: &Plan) -> Result<Option<Ended>, RunError> {
    let key = format!("job:{}", plan.job);
    let gate = Gate { job: plan.job, key: (!plan.overlap).then_some(&key), window: plan.window };
    match store.precheck(&gate).await? {
        Precheck::Clear if !store.lacks_columns().await? => {}
        Precheck::Clear | Precheck::Unclear => store.make_ready().await?,
        Precheck::Blocked { now, by } => return Ok(blocked(plan, &by).map(|skip| skipped(plan.job, skip, now))),
    }
    Ok(None)
}

/// The skip, if another run blocks this one.
fn blocked(plan: &Plan, begun: &Begun) -> Option<Skip> {
    match *begun {
        Begun::Started { .. } => None,
        Begun::AlreadyRunning { by, until } => Some(Skip {
            reason: SkipReason::AlreadyRunning,
            blocked_by: Some(by),
            reopens_at: Some(until),
            completed_at: None,
            foreign: false,
        }),
        Begun::Recent { by, until, foreign } => Some(Skip {
            reason: SkipReason::RecentExecution,
            blocked_by: by,
            reopens_at: Some(until),
            completed_at: plan.window.map(|window| until - window),
            foreign,
        }),
    }
}

async fn try_run(
    store: &Store,
    signals: &Signals,
    plan: &Plan,
    work: impl AsyncFnOnce(&Run) -> Result<Report, RunError>,
) -> Result<Ended, RunError> {
    let began = clock::start();
    warnings::begin_run();
    let execution = plan.execution.unwrap_or_else(clock::new_execution);
    if plan.execution.is_some() && store.execution(execution).await?.is_some() {
        return Err(RunError::Failed(format!(
            "there is an execution {execution} already; choose another --execution-id"
        )));
    }
    let key = if plan.overlap { format!("job:{}:{execution}", plan.job) } else { format!("job:{}", plan.job) };
    let lease = Lease { key, execution, token: clock::new_token(), length: plan.lease };
    let runner = this_process();
    signals.begin_run(plan.grace);
    let answer = tokio::select! {
        biased;
        answer = store.begin_run(plan.job, &lease, &runner, plan.window) => answer?,
        () = signals.heard_for(BEGUN) => return Ok(interrupted(plan.job, signals)),
    };
    let (now, dead) = match (blocked(plan, &answer), answer) {
        (None, Begun::Started { now, dead }) => (now, dead),
        (Some(skip), _) => return Ok(skipped(plan.job, skip, store.now().await?)),
        (None, other) => return Err(RunError::Bug(format!("a run neither began nor was blocked: {other:?}"))),
    };
    let progress = Progress::new(plan.unit, plan.watch.clone(), now);
    let run = Run { execution, now, dead, store: store.clone(), signals: signals.clone(), progress: progress.clone() };
    let lost = CancellationToken::new();
    let span = tracing::info_span!("run", job = plan.job, execution = %execution);
    // A task does not inherit the log's span.
    let heart = tokio::spawn(beat(store.clone(), lease.clone(), progress, lost.clone()).instrument(span.clone()));

    let outcome = tokio::select! {
        biased;
        // Dropping the work drops all its tasks and transactions, so nothing is written from here on.
        () = lost.cancelled() => None,
        outcome = AssertUnwindSafe(work(&run)).catch_unwind().instrument(span) => {
            Some(outcome.unwrap_or_else(|_| Err(RunError::Bug("the job panicked".to_owned()))))
        }
        () = signals.overdue(RELEASED) => Some(Ok(aborted())),
    };
    let Some(outcome) = outcome else {
        let error = heart.await.unwrap_or(RunError::LeaseLost("the heartbeat ended"));
        return Ok(conclude(&run, plan.job, Err(error), clock::millis_since(began)).0);
    };

    let (mut ended, cost_usd) = conclude(&run, plan.job, outcome, clock::millis_since(began));
    let completed = matches!(ended.exit, Exit::Success | Exit::Partial);
    ended.result.common.warnings = warnings::of_run();
    let json = ended.result.to_json();
    let end = RunEnd { completed, result: &json, duration_ms: clock::millis_since(began), cost_usd };
    let closed = tokio::select! {
        biased;
        closed = store.finish_run(&lease, &end) => closed,
        () = signals.overdue(FINISHED) => {
            Err(StoreError::unanswered("the end of the run was not written in time after the signal; whether it is there is unknown"))
        }
    };
    // Not earlier: the lease must last until everything is released.
    heart.abort();
    let failure = match closed {
        Ok(true) => return Ok(ended),
        Ok(false) => RunError::LeaseLost("its execution was closed by another run"),
        Err(error) => error.into(),
    };
    Ok(conclude(&run, plan.job, Err(failure), clock::millis_since(began)).0)
}

/// The report of work that did not end in time after a signal.
fn aborted() -> Report {
    let message =
        "the work did not end in time after the signal and was aborted; `recover` releases what it had claimed";
    let complaint = Some(ErrorBody::new(ErrorKind::Interrupted, message));
    Report { own: Own::Nothing {}, exit: Exit::Failure, complaint, cost_usd: None, error: None }
}

/// The result of a command that a signal ended before it had a result.
#[must_use]
pub fn interrupted(command: &str, signals: &Signals) -> Ended {
    let message = "ended by a signal; if a run had begun, another run takes it over";
    let mut result = common(command, Status::Interrupted, signals.exit(), None, None, 0, Own::Nothing {});
    result.common.error = Some(ErrorBody::new(ErrorKind::Interrupted, message));
    Ended { result, exit: signals.exit() }
}

/// A job's result, with the fields that all commands have.
fn conclude(run: &Run, job: &str, outcome: Result<Report, RunError>, duration_ms: i64) -> (Ended, Option<String>) {
    let (own, exit, status, cost_usd, error) = match outcome {
        Ok(Report { error: Some(error), own, cost_usd, .. }) => {
            tracing::error!(target: FAILURES, error = %error, kind = %error.kind(), job, "run stopped");
            (own, error.exit(), Status::Error, cost_usd, Some(error.body()))
        }
        Ok(Report { own, cost_usd, complaint, .. }) if run.signals.is_stopping() => {
            (own, run.signals.exit(), Status::Interrupted, cost_usd, complaint)
        }
        Ok(Report { own, exit, cost_usd, complaint, .. }) => {
            let status = match exit {
                Exit::Success => Status::Ok,
                Exit::Partial => Status::Partial,
                _ => Status::Error,
            };
            (own, exit, status, cost_usd, complaint)
        }
        Err(error) => {
            tracing::error!(target: FAILURES, error = %error, kind = %error.kind(), job, "run failed");
            (Own::Nothing {}, error.exit(), Status::Error, None, Some(error.body()))
        }
    };
    let mut result = common(job, status, exit, Some(run.execution), Some(run.now), duration_ms, own);
    result.common.error = error;
    result.common.dead_runs_closed = run.dead;
    // The window of runs without `--now` ignores this run.
    result.common.now_overridden = run.store.is_overridden();
    (Ended { result, exit }, cost_usd)
}

/// A result: the fields that every command has, then its own.
#[must_use]
pub fn common(
    job: &str,
    status: Status,
    exit: Exit,
    execution: Option<ExecutionId>,
    started_at: Option<DateTime<Utc>>,
    duration_ms: i64,
    own: impl Into<Own>,
) -> JobResult {
    let mut result = JobResult::new(job, status, exit, own);
    result.common.execution_id = execution;
    result.common.started_at = started_at;
    result.common.duration_ms = duration_ms;
    result
}

/// This process, as rows identify it.
#[must_use]
pub fn this_process() -> Runner {
    Runner {
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        pid: i32::try_from(std::process::id()).unwrap_or_default(),
    }
}
