//! `scan-stuck`: judges every unfinished audit and execution and fails the unhealthy ones (spec 02). Then it deletes executions that ended
//! long ago (`retention`).
//!
//! ```text
//!   read, page by page ──▶ judge ──▶ plan ──▶ fail, one guarded statement each
//!                                     │
//!                                     └─ --dry-run: printed instead
//! ```
//!
//! SQL decides which of the three rules hold (`store::records`), and the guarded statement decides again; this file words them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::{ExecutionId, RecordId};
use crate::domain::result::{ErrorBody, ErrorKind, Judgement, RecoverRule, ScanRecovery, ScanResult};
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::totals::if_known;
use crate::store::blame::{Blame, Verdict};
use crate::store::records::{Failing, Kind, Limits, Owner, Record};
use crate::store::{Store, StoreError};

mod retention;

/// The settings of a run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long either can show no activity.
    pub silence: Duration,
    /// How long an audit can run.
    pub audit_age: Duration,
    /// How long an execution can run.
    pub execution_age: Duration,
    /// The most recoveries per run.
    pub batch: usize,
    /// As for `recover`, for the count of stuck conversations.
    pub idle: Duration,
    /// How long finished executions are kept; `None` keeps them forever.
    pub retain: Option<Duration>,
}

/// How many records to read at once.
const PAGE: i64 = 200;

/// An unhealthy record.
#[derive(Debug)]
struct Unhealthy {
    record: Record,
    /// All its issues, joined.
    reason: String,
    /// The first rule that says so.
    rule: RecoverRule,
}

/// What a run is going to do.
#[derive(Debug, Default)]
struct Plan {
    scanned: usize,
    unhealthy: Vec<Unhealthy>,
}

/// Judges all records, then fails the unhealthy ones, the longest-running first. One that can't be failed is reported and passed over, so
/// that it does not stop the others.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let plan = settings.plan(&run.store, Some(run.execution), run.now).await?;
    let (mut entries, mut recovered, mut done, mut locked) = (Vec::new(), 0, 0, 0);
    let (mut blame, mut stop) = (Blame::default(), None);
    let refuse = |unhealthy: &Unhealthy, error: StoreError| {
        tracing::error!(record = %unhealthy.record.id, error = %error, "not recovered");
        failure(unhealthy, run.now, &error.to_string())
    };
    for unhealthy in &plan.unhealthy {
        if recovered >= settings.batch || run.signals.is_stopping() {
            break;
        }
        done += 1;
        let limits = settings.limits(unhealthy.record.id.into());
        let failed = run.store.fail_record(&unhealthy.record, Some(limits), &unhealthy.reason, clock::new_id()).await;
        if failed.is_ok()
            && let Some((waited, error)) = blame.worked()
        {
            entries.push(refuse(waited, error));
        }
        match failed {
            Ok(Failing::Done(at)) => {
                recovered += 1;
                entries.push(recovery(unhealthy, at));
                tell(&unhealthy.record, &unhealthy.reason);
            }
            Ok(Failing::Changed) => {
                tracing::info!(record = %unhealthy.record.id, "ended or active again meanwhile, left alone");
            }
            Ok(Failing::Locked) => {
                locked += 1;
                tracing::info!(record = %unhealthy.record.id, "locked by another transaction, passed over");
            }
            Err(error) => match blame.failed(unhealthy, error) {
                Verdict::Item(unhealthy, error) => entries.push(refuse(unhealthy, error)),
                Verdict::Waits => {}
                Verdict::Server(_, error) => {
                    stop = Some(error);
                    break;
                }
            },
        }
        run.progress.advance(1);
    }
    if let Some(error) = stop.or_else(|| blame.end().map(|(_, error)| error)) {
        let own = result(plan.scanned, recovered, plan.unhealthy.len() - done, entries, None, 0);
        let own = ScanResult { locked, ..own }.into();
        return Ok(Report { own, exit: Exit::Failure, complaint: None, cost_usd: None, error: Some(error.into()) });
    }
    let stuck = if_known(run.store.count_stuck(settings.idle).await, "how many conversations are stuck")?;
    let pruned = retention::prune(settings.retain, run).await?;
    let refused = entries.iter().find_map(|it| {
        let message = format!("{} {}: {}", it.kind, it.id, it.error.as_ref()?);
        Some(ErrorBody::new(ErrorKind::NotRecovered, message))
    });
    let complaint =
        refused.or_else(|| Some(ErrorBody::new(ErrorKind::NotPruned, not_pruned(pruned.error.as_deref()?))));
    let exit = if complaint.is_some() { Exit::Partial } else { Exit::Success };
    let pruned = i64::try_from(pruned.many).unwrap_or(i64::MAX);
    let own = result(plan.scanned, recovered, plan.unhealthy.len() - done, entries, stuck, pruned);
    let own = ScanResult { locked, ..own }.into();
    Ok(Report { own, exit, complaint, cost_usd: None, error: None })
}

/// What [`work`] would do now, without doing it.
pub async fn preview(settings: &Settings, store: &Store) -> Result<ScanResult, RunError> {
    let now = store.now().await?;
    let plan = settings.plan(store, None, now).await?;
    let entries: Vec<_> =
        plan.unhealthy.iter().take(settings.batch).map(|unhealthy| recovery(unhealthy, now)).collect();
    let (taken, stuck) = (entries.len(), Some(store.count_stuck(settings.idle).await?));
    let pruned = retention::preview(settings.retain, store, now).await?;
    Ok(result(plan.scanned, taken, plan.unhealthy.len() - taken, entries, stuck, pruned))
}

/// Judges one record by its id without changing it. A record that has ended, or has not begun, can't be stuck.
pub async fn query(settings: &Settings, store: &Store, id: RecordId) -> Result<(Judgement, Exit), RunError> {
    let now = store.now().await?;
    let Some(record) = store.record(id, settings.limits(id.into()), now).await? else {
        return Err(RunError::Failed(format!("there is no {id}")));
    };
    let issues: Vec<_> = if record.status == id.under_way() {
        judge(&record, now).into_iter().map(|(_, issue)| issue).collect()
    } else {
        Vec::new()
    };
    let exit = if issues.is_empty() { Exit::Success } else { Exit::Failure };
    let (audit_id, execution_id) = match id {
        RecordId::Audit(id) => (Some(id), None),
        RecordId::Execution(id) => (None, Some(id)),
    };
    let judgement = Judgement {
        audit_id,
        execution_id,
        is_healthy: issues.is_empty(),
        issues,
        last_activity: record.last_activity,
        status: record.status,
        task_running: record.owner == Owner::Live,
        began_at: record.began,
        host: record.host,
        pid: record.pid,
    };
    Ok((judgement, exit))
}

impl Settings {
    const fn limits(&self, kind: Kind) -> Limits {
        let age = match kind {
            Kind::Audit => self.audit_age,
            Kind::Execution => self.execution_age,
        };
        Limits { silence: self.silence, age }
    }

    async fn plan(&self, store: &Store, but: Option<ExecutionId>, now: DateTime<Utc>) -> Result<Plan, RunError> {
        let mut plan = Plan::default();
        for kind in [Kind::Audit, Kind::Execution] {
            let mut last: Option<Record> = None;
            for id in store.odd_ids(kind).await? {
                tracing::warn!(?kind, id, "passed over: its id is not a lower-case UUID; end or correct it by hand");
            }
            loop {
                let page = store.records(kind, self.limits(kind), but, last.as_ref(), (now, PAGE)).await?;
                let Some(end) = page.last() else { break };
                last = Some(end.clone());
                plan.scanned += page.len();
                plan.unhealthy.extend(page.into_iter().filter_map(|record| {
                    let issues = judge(&record, now);
                    let rule = issues.first()?.0;
                    let issues: Vec<_> = issues.into_iter().map(|(_, issue)| issue).collect();
                    Some(Unhealthy { record, reason: issues.join("; "), rule })
                }));
            }
        }
        Ok(plan)
    }
}

/// The issues of an unfinished record, each with its rule; none for a healthy one.
fn judge(record: &Record, now: DateTime<Utc>) -> Vec<(RecoverRule, String)> {
    let mut issues = Vec::new();
    if record.owner == Owner::Dead {
        issues.push((RecoverRule::OwnerDead, "Owner is not running".to_owned()));
    }
    if record.is_silent {
        issues.push((RecoverRule::Inactive, silence(now - record.last_activity)));
    }
    if record.is_old && record.began == DateTime::UNIX_EPOCH {
        issues.push((RecoverRule::TooLong, "Running since a time that can't be read".to_owned()));
    } else if record.is_old {
        issues.push((RecoverRule::TooLong, format!("Running for {} minutes", (now - record.began).num_minutes())));
    }
    issues
}

/// The error if old executions can't be deleted.
fn not_pruned(why: &str) -> String {
    format!(
        "old executions could not be deleted: {why}. Grant the database user delete on job_executions and remove other tables' \
         references to it, or keep all executions with --retain never (NIKITA_RETAIN)"
    )
}

/// The issue of a record that shows no activity.
pub(super) fn silence(silent: TimeDelta) -> String {
    format!("No activity for {} minutes", silent.num_minutes().max(0))
}

/// Logs a recovery.
pub(super) fn tell(record: &Record, reason: &str) {
    tracing::warn!(
        record = %record.id,
        reason,
        owner.host = record.host,
        owner.pid = record.pid,
        last_activity = %record.last_activity,
        "record recovered as failed"
    );
}

fn recovery(unhealthy: &Unhealthy, at: DateTime<Utc>) -> ScanRecovery {
    let Record { id, host, pid, last_activity, .. } = &unhealthy.record;
    ScanRecovery {
        success: true,
        kind: id.kind(),
        id: id.uuid(),
        reason: unhealthy.reason.clone(),
        rule: unhealthy.rule,
        recovery_timestamp: Some(at),
        last_activity: Some(*last_activity),
        host: host.clone(),
        pid: *pid,
        error: None,
    }
}

fn failure(unhealthy: &Unhealthy, at: DateTime<Utc>, error: &str) -> ScanRecovery {
    ScanRecovery { success: false, recovery_timestamp: None, error: Some(error.to_owned()), ..recovery(unhealthy, at) }
}

fn result(
    scanned: usize,
    recovered: usize,
    deferred: usize,
    recoveries: Vec<ScanRecovery>,
    stuck_conversations: Option<i64>,
    pruned: i64,
) -> ScanResult {
    let message = format!("Scanned {scanned}, recovered {recovered}");
    ScanResult {
        scanned,
        recoveries_count: recovered,
        deferred,
        recoveries,
        stuck_conversations,
        locked: 0,
        message,
        pruned,
    }
}
