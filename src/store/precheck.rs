//! A look before a run: whether the schema is this binary's, and whether another run is in the way. One statement that only
//! reads, and on PostgreSQL one round trip, before anything else is set up: most runs of a tight schedule end here.
//!
//! What it has seen was committed, so a skip by it is a true one. Where it sees nothing in the way, [`Store::begin_run`]
//! decides. Where it fails, or meets another schema, [`Store::make_ready`] says what is wrong.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, FromRow as _};

use super::codec::{DbId, DbTime};
use super::migrate::embedded_versions;
use super::read::row;
use super::runs::Begun;
use super::session::Tx;
use super::{Result, Store};
use crate::domain::ids::ExecutionId;

/// What could be in the way of a run.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// The job, whose completed runs close the window.
    pub job: &'static str,
    /// The lease that other runs may hold; none where runs may overlap.
    pub key: Option<&'a str>,
    /// How long a completed run closes the window; none for a forced run.
    pub window: Option<Duration>,
}

/// What a precheck has shown.
#[derive(Debug)]
pub enum Precheck {
    /// Nothing in the way, and the schema is right.
    Clear,
    /// Something that a precheck can't judge.
    Unclear,
    /// A run that is in the way, never [`Begun::Started`].
    Blocked {
        /// The database's clock.
        now: DateTime<Utc>,
        /// As [`Store::begin_run`] would say it.
        by: Begun,
    },
}

row! {
    struct Seen {
        now: DbTime,
        applied: Option<String>,
        holder: Option<DbId>,
        held_until: Option<DbTime>,
        latest: Option<DbId>,
        completed_at: Option<DbTime>,
    }
}

impl Store {
    /// Looks once; see the module.
    pub async fn precheck(&self, gate: &Gate<'_>) -> Precheck {
        let Ok(seen) = self.see(gate).await else { return Precheck::Unclear };
        let mut applied: Vec<i64> = seen.applied.iter().flat_map(|it| it.split(',')).flat_map(str::parse).collect();
        applied.sort_unstable();
        if !applied.into_iter().eq(embedded_versions()) {
            return Precheck::Unclear;
        }
        let now = seen.now.0;
        if let (Some(by), Some(until)) = (seen.holder, seen.held_until)
            && until.0 > now
        {
            return Precheck::Blocked { now, by: Begun::AlreadyRunning { by: ExecutionId(by.0), until: until.0 } };
        }
        let window = gate.window.and_then(|window| TimeDelta::from_std(window).ok());
        if let (Some(by), Some(completed_at), Some(window)) = (seen.latest, seen.completed_at, window)
            && completed_at.0 > now - window
        {
            return Precheck::Blocked {
                now,
                by: Begun::Recent { by: Some(ExecutionId(by.0)), until: completed_at.0 + window },
            };
        }
        Precheck::Clear
    }

    /// In the simple protocol, which takes no parameters and needs one round trip where the other needs two. What varies is
    /// the time, and names of our own making.
    async fn see(&self, gate: &Gate<'_>) -> Result<Seen> {
        let mut tx = self.simple_query().await?;
        let now = self.now.map(|now| DbTime(now).to_sqlite());
        let clock = match (&tx, now) {
            (Tx::Pg(_), Some(now)) => format!("{}::timestamptz", quoted(&now)),
            (Tx::Sqlite(_), Some(now)) => quoted(&now),
            (Tx::Pg(_), None) => "clock_timestamp()".to_owned(),
            (Tx::Sqlite(_), None) => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')".to_owned(),
        };
        let versions = tx.pick("string_agg(version::text, ',')", "group_concat(version, ',')");
        let (job, key) = (quoted(gate.job), quoted(gate.key.unwrap_or_default()));
        let sql = format!(
            "select {clock} as now, (select {versions} from nikita_jobs_migrations) as applied, lease.*, run.* \
             from (select 1) it \
             left join (select execution_id as holder, expires_at as held_until from job_leases where lease_key = {key}) lease \
                 on true \
             left join (select id as latest, completed_at from job_executions \
                 where job_name = {job} and status = 'completed' order by completed_at desc limit 1) run on true"
        );
        let seen = match &mut tx {
            Tx::Pg(conn) => Seen::from_row(&sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn.connection()).await?),
            Tx::Sqlite(conn) => Seen::from_row(&sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn.connection()).await?),
        };
        tx.commit().await?;
        Ok(seen?)
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
