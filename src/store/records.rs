//! Unfinished audits and executions, and the guarded statement that fails one (spec 02, `scan-stuck`).
//!
//! Liveness is in the database: the lease `audit:<audit_id>` of an audit, the lease of an execution, heartbeats, and the
//! times in an audit's log. A lease is always locked before its record, here as in `runs`, so that the two can't deadlock.
//!
//! SQL decides which rules hold (`[judged_audit]`, `[judged_execution]`); the job words them. The times in an audit's log can have any
//! format, so they are parsed here, and the guarded statement gets the latest. An execution that never had a heartbeat or a lease is
//! another program's and is judged only by its age.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::codec::{DbId, DbTime};
use super::read::{FromText as _, Read, row};
use super::retry::retrying;
use super::session::{Tx, execute, fetch_all, fetch_optional};
use super::{Result, Store, sql};
use crate::domain::ids::{AuditId, ExecutionId, RecordId};

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `audit_reports`.
    Audit,
    /// `job_executions`.
    Execution,
}

/// What is known about a record's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It never took a lease, so that only activity and age can be judged.
    Unknown,
    /// It holds a live lease.
    Live,
    /// Its lease has expired.
    Dead,
}

/// A record with what is needed to judge it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its status: unfinished in a page, any if read by id.
    pub status: String,
    /// When it began; 1970 if that can't be read.
    pub began: DateTime<Utc>,
    /// The same, as stored.
    began_as_read: String,
    /// The latest log entry or heartbeat, else the beginning.
    pub last_activity: DateTime<Utc>,
    /// Whether its owner is alive.
    pub owner: Owner,
    /// Whether it has shown no activity for too long.
    pub is_silent: bool,
    /// Whether it has run for too long.
    pub is_old: bool,
    /// The owner's host, if known.
    pub host: Option<String>,
    /// The owner's process id on that host.
    pub pid: Option<i32>,
    /// The latest time in its log.
    last_log: Option<DateTime<Utc>>,
    /// The times in its log, as read. A recovery compares them to detect entries that were appended meanwhile.
    log_times: String,
}

/// The limits of a healthy record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The longest time without activity.
    pub silence: Duration,
    /// The longest duration.
    pub age: Duration,
}

impl Limits {
    const fn seconds(&self) -> (f64, f64) {
        (self.silence.as_secs_f64(), self.age.as_secs_f64())
    }
}

row! {
    struct Row {
        id: Read<String>,
        status: Read<String>,
        began: Read<String>,
        beat: Read<DbTime>,
        lease_is_live: Read<bool>,
        owner_is_dead: bool,
        is_quiet: bool,
        is_old: bool,
        log_times: String,
        host: Read<String>,
        pid: Read<i32>,
    }
}

impl Row {
    /// None if its id is not a UUID.
    fn read(self, kind: Kind, now: DateTime<Utc>, limits: Limits) -> Option<Record> {
        let last_log = latest(&self.log_times);
        let beat = self.beat.ok().map(|it| it.0);
        let began_as_read = self.began.ok().unwrap_or_default();
        let began = DbTime::from_text(&began_as_read).map_or(DateTime::UNIX_EPOCH, |it| it.0);
        let has_logged = last_log.is_some_and(|at| (now - at).to_std().map_or(true, |ago| ago <= limits.silence));
        Some(Record {
            id: kind.of(self.id.ok()?.parse().ok()?),
            status: self.status.ok().unwrap_or_default(),
            began,
            began_as_read,
            last_activity: last_log.max(beat).unwrap_or(began),
            owner: match (self.owner_is_dead, self.lease_is_live.ok()) {
                (true, _) => Owner::Dead,
                (false, Some(true)) => Owner::Live,
                (false, _) => Owner::Unknown,
            },
            is_silent: self.is_quiet && !has_logged,
            is_old: self.is_old,
            host: self.host.ok(),
            pid: self.pid.ok(),
            last_log,
            log_times: self.log_times,
        })
    }
}

impl Kind {
    const fn of(self, id: Uuid) -> RecordId {
        match self {
            Self::Audit => RecordId::Audit(AuditId(id)),
            Self::Execution => RecordId::Execution(ExecutionId(id)),
        }
    }
}

impl From<RecordId> for Kind {
    fn from(id: RecordId) -> Self {
        match id {
            RecordId::Audit(_) => Self::Audit,
            RecordId::Execution(_) => Self::Execution,
        }
    }
}

/// The latest time in a JSON list that another program wrote. Ignores values that can't be parsed.
fn latest(times: &str) -> Option<DateTime<Utc>> {
    let list: Vec<Value> = serde_json::from_str(times).unwrap_or_default();
    list.iter().filter_map(|it| read_time(it.as_str()?)).max()
}

/// Parses RFC 3339, PostgreSQL's own format, or either without a time zone, as UTC.
fn read_time(text: &str) -> Option<DateTime<Utc>> {
    let zoned =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"));
    let naive = || NaiveDateTime::parse_from_str(&text.replacen('T', " ", 1), "%Y-%m-%d %H:%M:%S%.f").ok();
    zoned.map(|it| it.to_utc()).ok().or_else(|| naive().map(|it| it.and_utc()))
}

impl Store {
    /// Unfinished records behind `after`, the longest-running first, at most `most`. Leaves out `but`, the execution that judges. `now` is
    /// the run's time.
    pub async fn records(
        &self,
        kind: Kind,
        limits: Limits,
        but: Option<ExecutionId>,
        after: Option<&Record>,
        (now, most): (DateTime<Utc>, i64),
    ) -> Result<Vec<Record>> {
        let mut tx = self.begin_read().await?;
        let page = match kind {
            Kind::Audit => sql::SCAN_AUDITS,
            Kind::Execution => sql::SCAN_EXECUTIONS,
        };
        let (began, id) = after.map(|it| (it.began_as_read.clone(), it.id.uuid().to_string())).unzip();
        let (silence, age) = limits.seconds();
        let but = but.map(DbId::from);
        let rows: Vec<Row> = fetch_all!(&mut tx, _, page, self.now_parameter(), silence, age, but, began, id, most);
        tx.rollback().await?;
        Ok(rows.into_iter().filter_map(|row| row.read(kind, now, limits)).collect())
    }

    /// Ids of unfinished records that are not lower-case UUIDs, so that [`Self::records`] passes them over; at most ten. None on
    /// PostgreSQL, which has a type for ids.
    pub async fn odd_ids(&self, kind: Kind) -> Result<Vec<String>> {
        let mut tx = self.begin_read().await?;
        let Tx::Sqlite(_) = tx else {
            tx.rollback().await?;
            return Ok(Vec::new());
        };
        let odd = match kind {
            Kind::Audit => sql::sqlite::ODD_AUDITS,
            Kind::Execution => sql::sqlite::ODD_EXECUTIONS,
        };
        let ids: Vec<(Read<String>,)> = fetch_all!(&mut tx, _, odd);
        tx.rollback().await?;
        Ok(ids.into_iter().map(|(id,)| id.ok().unwrap_or_else(|| "unreadable".to_owned())).collect())
    }

    /// A record by id, whatever its status.
    pub async fn record(&self, id: RecordId, limits: Limits, now: DateTime<Utc>) -> Result<Option<Record>> {
        let mut tx = self.begin_read().await?;
        let kind = Kind::from(id);
        let one = match kind {
            Kind::Audit => sql::AUDIT,
            Kind::Execution => sql::EXECUTION_RECORD,
        };
        let (silence, age) = limits.seconds();
        let row: Option<Row> = fetch_optional!(&mut tx, _, one, self.now_parameter(), silence, age, DbId(id.uuid()));
        tx.rollback().await?;
        Ok(row.and_then(|row| row.read(kind, now, limits)))
    }

    /// Fails a record and deletes its lease, so that its owner can't write any more. Returns the time, or `None` if nothing was written,
    /// because the record has ended meanwhile, has shown activity since it was read, or is within the limits. Without limits (an operator
    /// has decided), only its end prevents the failure.
    ///
    /// `entry` is the id of the entry in its log.
    pub async fn fail_record(
        &self,
        record: &Record,
        limits: Option<Limits>,
        reason: &str,
        entry: Uuid,
    ) -> Result<Option<DateTime<Utc>>> {
        retrying(|| self.try_fail_record(record, limits, reason, entry)).await
    }

    async fn try_fail_record(
        &self,
        record: &Record,
        limits: Option<Limits>,
        reason: &str,
        entry: Uuid,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.begin_write().await?;
        lock(&mut tx, record.id).await?;
        let fail = match record.id {
            RecordId::Audit(_) => sql::FAIL_AUDIT,
            RecordId::Execution(_) => sql::FAIL_EXECUTION,
        };
        let (silence, age) = limits.unwrap_or_default().seconds();
        let failed: Option<(DbTime,)> = fetch_optional!(
            &mut tx,
            _,
            fail,
            self.now_parameter(),
            silence,
            age,
            DbId(record.id.uuid()),
            limits.is_none(),
            &record.log_times,
            record.last_log.map(DbTime),
            reason,
            entry.hyphenated().to_string()
        );
        let Some((at,)) = failed else {
            tx.rollback().await?;
            return Ok(None);
        };
        match record.id {
            RecordId::Audit(id) => {
                execute!(&mut tx, "delete from job_leases where lease_key = $1", format!("audit:{id}"))
            }
            RecordId::Execution(id) => execute!(
                &mut tx,
                "delete from job_leases where execution_id = $1 and lease_key not like 'audit:%'",
                DbId::from(id)
            ),
        };
        tx.commit().await?;
        Ok(Some(at.0))
    }
}

/// Locks the lease and the record, so that the next statement sees what others have just written. On SQLite the transaction already has
/// the write lock.
async fn lock(tx: &mut Tx, id: RecordId) -> Result<()> {
    if let Tx::Sqlite(_) = tx {
        return Ok(());
    }
    match id {
        RecordId::Audit(id) => {
            let key = format!("audit:{id}");
            execute!(&mut *tx, "select 1 from job_leases where lease_key = $1 for update", key);
            execute!(tx, "select 1 from audit_reports where audit_id = $1 for update", DbId::from(id));
        }
        RecordId::Execution(id) => {
            execute!(&mut *tx, "select 1 from job_leases where execution_id = $1 for update", DbId::from(id));
            execute!(tx, "select 1 from job_executions where id = $1 for update", DbId::from(id));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::latest;

    #[test]
    fn the_latest_time_counts_and_other_values_do_not() {
        let at = |times: &str| latest(times).map(|it| it.to_rfc3339());
        let noon = Some("2026-11-18T12:00:00+00:00".to_owned());
        assert_eq!(at(r#"["2026-11-18T12:00:00Z", "2026-11-18T11:00:00Z"]"#), noon);
        assert_eq!(at(r#"["2026-11-18T13:00:00+01:00"]"#), noon);
        assert_eq!(at(r#"["2026-11-18 12:00:00+00"]"#), noon);
        assert_eq!(at(r#"["2026-11-18T12:00:00"]"#), noon);
        assert_eq!(at(r#"["2026-11-18 12:00:00", null, 7, "soon", {"a": 1}, "2026-02-30T00:00:00Z"]"#), noon);
        assert_eq!(at("[]").or(at("not JSON")).or(at("{}")), None);
    }
}
