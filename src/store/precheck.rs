//! The check before a run: whether the schema is this binary's, and whether another run blocks this one. It is one read-only statement,
//! on PostgreSQL one round trip, before anything else is set up, because most runs of a tight schedule end here.
//!
//! It sees only committed rows, so a skip is final. If nothing blocks the run, [`Store::begin_run`] decides. If the check fails, or the
//! schema is another one, [`Store::make_ready`] reports what is wrong.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow as _;

use super::codec::{DbId, DbTime};
use super::migrate::embedded_versions;
use super::read::{Read, row};
use super::runs::{Begun, seconds};
use super::session::fetch_one;
use super::{Class, Pool, Result, Store, StoreError, sql};
use crate::domain::ids::ExecutionId;

/// What can block a run.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// The job, whose completed runs close the window.
    pub job: &'static str,
    /// The lease that another run can hold; none if runs can overlap.
    pub key: Option<&'a str>,
    /// How long a completed run closes the window; none for a forced run.
    pub window: Option<Duration>,
}

/// The result of a precheck.
#[derive(Debug)]
pub enum Precheck {
    /// Nothing blocks the run, and the schema is right.
    Clear,
    /// The precheck can't decide.
    Unclear,
    /// Another run blocks this one.
    Blocked {
        /// The database's clock.
        now: DateTime<Utc>,
        /// What [`Store::begin_run`] would return, never [`Begun::Started`].
        by: Begun,
    },
}

row! {
    struct Seen {
        now: DbTime,
        applied: Option<String>,
        holder: Option<DbId>,
        held_until: Option<DbTime>,
        latest: Option<String>,
        completed_at: Read<DbTime>,
        is_foreign: Option<bool>,
        lock_timeout: String,
        standby: bool,
    }
}

impl Store {
    /// Runs the precheck; see the module.
    ///
    /// # Errors
    /// If the server is unavailable or a standby, so that any other statement would fail as well.
    pub async fn precheck(&self, gate: &Gate<'_>) -> Result<Precheck> {
        let seen = match self.see(gate).await {
            Ok(seen) => seen,
            Err(error) if error.class() == Class::Server => return Err(error),
            Err(_) => return Ok(Precheck::Unclear),
        };
        let mut applied: Vec<i64> = seen.applied.iter().flat_map(|it| it.split(',')).flat_map(str::parse).collect();
        applied.sort_unstable();
        if !applied.into_iter().eq(embedded_versions()) {
            return Ok(Precheck::Unclear);
        }
        let now = seen.now.0;
        if let (Some(by), Some(until)) = (seen.holder, seen.held_until) {
            let by = Begun::AlreadyRunning { by: ExecutionId(by.0), until: until.0 };
            return Ok(Precheck::Blocked { now, by });
        }
        if let (Some(by), Some(completed_at), Some(window)) = (seen.latest, seen.completed_at.ok(), gate.window) {
            let foreign = seen.is_foreign.unwrap_or_default();
            let by = Begun::Recent { by: by.parse().ok(), until: completed_at.0 + window, foreign };
            return Ok(Precheck::Blocked { now, by });
        }
        Ok(Precheck::Clear)
    }

    /// On PostgreSQL it uses the simple protocol, which needs one round trip instead of two but takes no parameters. The values are put into
    /// the text: numbers, times and names that we choose ourselves.
    async fn see(&self, gate: &Gate<'_>) -> Result<Seen> {
        let (key, window) = (gate.key.unwrap_or_default(), gate.window.map(seconds));
        let Pool::Pg(connections) = &self.pool else {
            let mut tx = self.autocommit().await?;
            let (now, overridden) = (self.now_parameter(), self.is_overridden());
            let seen = fetch_one!(&mut tx, _, sql::PRECHECK, now, gate.job, key, window, overridden);
            tx.commit().await?;
            return Ok(seen);
        };
        let now = self.now.map_or_else(|| "null".to_owned(), |now| quoted(&DbTime(now).to_sqlite()));
        let window = window.map_or_else(|| "null".to_owned(), |window| window.to_string());
        let values = [now, quoted(gate.job), quoted(key), window, self.is_overridden().to_string()];
        let mut text = sql::PRECHECK.postgres.to_owned();
        for (n, value) in values.iter().enumerate() {
            text = text.replace(&format!("${}", n + 1), value);
        }
        let mut pooled = connections.take().await?;
        let server = pooled.server().to_owned();
        let rows = pooled.simple(text).await?;
        pooled.commit().await?;
        let row = rows.first().ok_or_else(|| StoreError::other("the precheck has seen nothing"))?;
        let seen = Seen::from_row(row)?;
        if seen.standby {
            return Err(StoreError::standby(&server));
        }
        connections.learn(&seen.lock_timeout);
        Ok(seen)
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
