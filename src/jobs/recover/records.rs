//! `recover audit` and `recover execution`: by hand, whatever the rules say, because the operator has decided. The record's lease is
//! deleted with it: if its owner is alive after all, its next renewal fails, and it can't finish the record.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;
use crate::domain::ids::RecordId;
use crate::domain::result::{NotRecovered, RecordRecovery, RecoverResult, RecoveryEntry, Target};
use crate::jobs::scan_stuck::{silence, tell};
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::store::blame::{Blame, Verdict};
use crate::store::records::{Failing, Limits, Owner, Record};
use crate::store::{Store, StoreError};

/// Fails these records. One that has ended or does not exist is reported as an error and does not stop the others.
pub async fn work(run: &Run, ids: &[RecordId]) -> Result<Report, RunError> {
    let (mut recoveries, mut errors) = (Vec::new(), Vec::new());
    let mut blame = Blame::default();
    let (mut held, mut stop) = (Vec::new(), None);
    for id in ids {
        match look(&run.store, *id, run.now).await? {
            Ok((record, reason)) => {
                let failed = fail(&run.store, &record, &reason).await;
                if failed.is_ok()
                    && let Some((waited, error)) = blame.worked()
                {
                    errors.push(refusal(waited, &error.to_string()));
                }
                match failed {
                    Ok(Failing::Done(at)) => {
                        tell(&record, &reason);
                        recoveries.push(entry(&record, &reason, at));
                    }
                    Ok(Failing::Locked) => held.push(id.to_string()),
                    Ok(Failing::Changed) => errors.push(refusal(*id, "it has ended in the meantime")),
                    Err(error) => match blame.failed(*id, error) {
                        Verdict::Item(id, error) => errors.push(refusal(id, &error.to_string())),
                        Verdict::Waits => {}
                        Verdict::Server(_, error) => {
                            stop = Some(error);
                            break;
                        }
                    },
                }
            }
            Err(why) => errors.push(refusal(*id, &why)),
        }
        run.progress.advance(1);
    }
    let stop = stop.or_else(|| blame.end().map(|(_, error)| error));
    Ok(super::by_hand_report(recoveries, errors, &held, stop))
}

/// Fails the record. A live owner's heartbeat holds its lease for an instant: "locked" is believed after a second.
async fn fail(store: &Store, record: &Record, reason: &str) -> Result<Failing, StoreError> {
    for _ in 0..10 {
        match store.fail_record(record, None, reason, clock::new_id()).await? {
            Failing::Locked => tokio::time::sleep(Duration::from_millis(100)).await,
            done => return Ok(done),
        }
    }
    Ok(Failing::Locked)
}

/// What [`work`] would do now, without doing it.
pub async fn preview(store: &Store, ids: &[RecordId]) -> Result<RecoverResult, RunError> {
    let now = store.now().await?;
    let (mut recoveries, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match look(store, *id, now).await? {
            Ok((record, reason)) => recoveries.push(entry(&record, &reason, now)),
            Err(why) => errors.push(refusal(*id, &why)),
        }
    }
    Ok(super::by_hand_result(recoveries, errors, 0))
}

/// The record with the evidence against it, or why it can't be recovered.
async fn look(store: &Store, id: RecordId, now: DateTime<Utc>) -> Result<Result<(Record, String), String>, RunError> {
    let Some(record) = store.record(id, Limits::default(), now).await? else {
        return Ok(Err(format!("there is no such {}", id.kind())));
    };
    if record.status != id.under_way() {
        return Ok(Err(format!(
            "it is {}, not {}; only an unfinished record can be recovered",
            record.status,
            id.under_way()
        )));
    }
    let owner = if record.owner == Owner::Dead { "Owner is not running; " } else { "" };
    let reason = format!("By hand; {owner}{}", silence(now - record.last_activity));
    Ok(Ok((record, reason)))
}

fn entry(record: &Record, reason: &str, at: DateTime<Utc>) -> RecoveryEntry {
    RecoveryEntry::Record(RecordRecovery {
        kind: record.id.kind(),
        id: record.id.uuid(),
        reason: reason.to_owned(),
        from: record.status.clone(),
        to: Target::Failed,
        recovery_timestamp: at,
        host: record.host.clone(),
        pid: record.pid,
    })
}

fn refusal(id: RecordId, why: &str) -> NotRecovered {
    tracing::error!(record = %id, error = why, "not recovered");
    NotRecovered::Record { kind: id.kind(), id: id.uuid(), error: why.to_owned() }
}
