//! Conversations stuck in `processing`, and the guarded statement that recovers one (spec 02, `recover`).
//!
//! Only SQL decides which rule holds. Ids and times are kept as text, as stored, so that a row can be found again whatever its values are,
//! and every page makes progress.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::read::{FromText, Read, row};
use super::session::{fetch_all, fetch_one, fetch_optional};
use super::{Result, Store, sql};

/// A conversation in `processing`, with what is needed to judge it.
#[derive(Clone, Debug)]
pub struct StuckConversation {
    /// Its id, as stored.
    pub id: String,
    /// Its `status`: always `processing` in bulk, any by hand.
    pub status: String,
    /// The token of its claim; none if another program holds it.
    token: Option<String>,
    /// Attempts, including the current one.
    pub attempts: i64,
    /// When it was last changed, as stored.
    idle_since: String,
    /// The run that claimed it.
    pub claimed_by: Option<String>,
    /// That run's host.
    pub host: Option<String>,
    /// That run's process id on its host.
    pub pid: Option<String>,
    /// Whether it is our claim, and that run holds no live lease.
    pub owner_is_dead: bool,
    /// Whether it has been idle for too long.
    pub is_idle: bool,
}

impl StuckConversation {
    /// When it was last changed, if that can be read.
    #[must_use]
    pub fn idle_since(&self) -> Option<DateTime<Utc>> {
        DbTime::from_text(&self.idle_since).map(|at| at.0)
    }
}

/// How to recover a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// It is stuck if it has been idle for this long. None by hand: the operator has decided.
    pub idle: Option<Duration>,
    /// It becomes `active`; otherwise `failed`.
    pub requeue: bool,
}

/// The result of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The conversation has left `processing`.
    Done,
    /// It was finished or claimed again meanwhile, so nothing was changed.
    Changed,
    /// Another transaction has locked its row.
    Locked,
}

row! {
    struct StuckRow {
        id: Read<String>,
        status: Read<String>,
        token: Read<String>,
        attempts: Read<String>,
        idle_since: Read<String>,
        claimed_by: Read<String>,
        host: Read<String>,
        pid: Read<String>,
        owner_is_dead: bool,
        is_idle: bool,
    }
}

impl StuckRow {
    /// None if even the text of its id can't be read.
    fn conversation(self) -> Option<StuckConversation> {
        Some(StuckConversation {
            id: self.id.ok()?,
            status: self.status.ok().unwrap_or_default(),
            token: self.token.ok(),
            attempts: self.attempts.ok().and_then(|it| it.parse().ok()).unwrap_or_default(),
            idle_since: self.idle_since.ok().unwrap_or_default(),
            claimed_by: self.claimed_by.ok(),
            host: self.host.ok(),
            pid: self.pid.ok(),
            owner_is_dead: self.owner_is_dead,
            is_idle: self.is_idle,
        })
    }
}

impl Store {
    /// Stuck conversations behind `after` in the queue, the longest idle first, at most `most`.
    pub async fn stuck(
        &self,
        idle: Duration,
        after: Option<&StuckConversation>,
        most: i64,
    ) -> Result<Vec<StuckConversation>> {
        let mut tx = self.begin_read().await?;
        let (since, id) = after.map(|it| (it.idle_since.clone(), it.id.clone())).unzip();
        let idle = idle.as_secs_f64();
        let rows: Vec<StuckRow> =
            fetch_all!(&mut tx, _, sql::STUCK_CONVERSATIONS, self.now_parameter(), idle, since, id, most);
        tx.rollback().await?;
        Ok(rows.into_iter().filter_map(StuckRow::conversation).collect())
    }

    /// How many conversations are stuck.
    pub async fn count_stuck(&self, idle: Duration) -> Result<i64> {
        let mut tx = self.begin_long_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::COUNT_STUCK, self.now_parameter(), idle.as_secs_f64());
        tx.rollback().await?;
        Ok(count)
    }

    /// A conversation by id, whatever its status.
    pub async fn stuck_conversation(&self, id: &str, idle: Duration) -> Result<Option<StuckConversation>> {
        let mut tx = self.begin_read().await?;
        let idle = idle.as_secs_f64();
        let row: Option<StuckRow> =
            fetch_optional!(&mut tx, _, sql::STUCK_CONVERSATION, self.now_parameter(), idle, id);
        tx.rollback().await?;
        Ok(row.and_then(StuckRow::conversation))
    }

    /// Takes a conversation out of `processing`, if it still has the claim that was read and is still stuck.
    pub async fn recover_conversation(
        &self,
        stuck: &StuckConversation,
        recovery: &Recovery,
        reason: &str,
    ) -> Result<Recovered> {
        let mut tx = self.begin_write().await?;
        let row: Option<(bool, bool)> = fetch_optional!(
            &mut tx,
            _,
            sql::RECOVER_CONVERSATION,
            self.now_parameter(),
            recovery.idle.unwrap_or_default().as_secs_f64(),
            &stuck.id,
            &stuck.token,
            if recovery.requeue { "active" } else { "failed" },
            reason,
            recovery.idle.is_none()
        );
        tx.commit().await?;
        Ok(match row {
            Some((true, _)) => Recovered::Done,
            Some((false, true)) => Recovered::Locked,
            _ => Recovered::Changed,
        })
    }
}
