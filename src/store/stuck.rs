//! Conversations stuck in `processing`, and the one guarded statement that takes each out of it (spec 02, `recover`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::codec::{DbId, DbTime};
use super::session::{execute, fetch_all, fetch_optional, pg_now, sqlite_now};
use super::{Result, Store};
use crate::domain::ids::{ConversationId, ExecutionId, Token};

/// A conversation in `processing`, with the evidence for what is to become of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which one.
    pub conversation: ConversationId,
    /// Its `status`; always `processing` in bulk, whatever it is by hand.
    pub status: String,
    /// The claim it was seen with; none where another program holds it.
    pub token: Option<Token>,
    /// Attempts, the one under way included.
    pub attempts: i32,
    /// When it last moved, as far as is known.
    pub idle_since: DateTime<Utc>,
    /// The run that claimed it.
    pub claimed_by: Option<ExecutionId>,
    /// That run's host.
    pub host: Option<String>,
    /// That run's process id on its host.
    pub pid: Option<i32>,
    /// Whether that run holds a live lease.
    pub owner_is_live: bool,
}

/// When a conversation counts as stuck, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Rescue {
    /// Stuck where nothing has moved for this long. None by hand: the operator has decided.
    pub idle: Option<Duration>,
    /// Back to `active`; otherwise to `failed`.
    pub requeue: bool,
}

#[derive(FromRow)]
struct Row {
    id: DbId,
    status: String,
    claim_token: Option<DbId>,
    processing_attempts: i32,
    idle_since: DbTime,
    claimed_by: Option<DbId>,
    host: Option<String>,
    pid: Option<i32>,
    owner_is_live: bool,
}

impl From<Row> for Held {
    fn from(row: Row) -> Self {
        Self {
            conversation: ConversationId(row.id.0),
            status: row.status,
            token: row.claim_token.map(|it| Token(it.0)),
            attempts: row.processing_attempts,
            idle_since: row.idle_since.0,
            claimed_by: row.claimed_by.map(|it| ExecutionId(it.0)),
            host: row.host,
            pid: row.pid,
            owner_is_live: row.owner_is_live,
        }
    }
}

/// When a row last moved. One that never says so is as old as can be: a null must not hide it from `<`.
macro_rules! idle_since {
    (pg) => {
        "coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch')"
    };
    (sqlite) => {
        "coalesce(c.updated_at, c.processing_started_at, c.started_at, '1970-01-01T00:00:00.000000Z')"
    };
}

/// Whether the run that claimed it holds a live lease. $1 is the hidden `--now`.
macro_rules! owner_is_live {
    ($now:expr) => {
        concat!("exists (select 1 from job_leases l where l.execution_id = c.claimed_by and l.expires_at > ", $now, ")")
    };
}

/// Nothing has moved for $2 seconds, or the run that claimed it is dead.
macro_rules! stuck {
    (pg) => {
        concat!(
            "(",
            idle_since!(pg),
            " <= ",
            pg_now!("$1"),
            " - make_interval(secs => $2) \
             or (c.claimed_by is not null and not ",
            owner_is_live!(pg_now!("$1")),
            "))"
        )
    };
    (sqlite) => {
        concat!(
            "(",
            idle_since!(sqlite),
            " <= strftime('%Y-%m-%dT%H:%M:%f000Z', ",
            sqlite_now!("$1"),
            ", '-' || $2 || ' seconds') \
             or (c.claimed_by is not null and not ",
            owner_is_live!(sqlite_now!("$1")),
            "))"
        )
    };
}

/// What [`Row`] reads.
macro_rules! held {
    ($idle_since:expr, $now:expr) => {
        concat!(
            "select c.id, coalesce(cast(c.status as text), '') as status, c.claim_token, \
                 cast(coalesce(c.processing_attempts, 0) as integer) as processing_attempts, ",
            $idle_since,
            " as idle_since, c.claimed_by, \
                 e.host, e.pid, ",
            owner_is_live!($now),
            " as owner_is_live \
             from conversations c left join job_executions e on e.id = c.claimed_by where "
        )
    };
}

impl Store {
    /// Stuck conversations behind `after` in the queue, the longest idle first, at most `most`.
    pub async fn stuck(&self, idle: Duration, after: Option<&Held>, most: i64) -> Result<Vec<Held>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(
                held!(idle_since!(pg), pg_now!("$1")),
                "c.status = 'processing' and ",
                stuck!(pg),
                " and ($3::timestamptz is null or (",
                idle_since!(pg),
                ", c.id) > ($3::timestamptz, $4::uuid)) \
                 order by idle_since, c.id limit $5"
            ),
            concat!(
                held!(idle_since!(sqlite), sqlite_now!("$1")),
                "c.status = 'processing' and ",
                stuck!(sqlite),
                " and ($3 is null or (",
                idle_since!(sqlite),
                ", c.id) > ($3, $4)) order by idle_since, c.id limit $5"
            ),
        );
        let (since, id) = after.map(|it| (DbTime(it.idle_since), DbId::from(it.conversation))).unzip();
        let rows: Vec<Row> = fetch_all!(&mut tx, _, sql, self.now_parameter(), idle.as_secs_f64(), since, id, most);
        tx.rollback().await?;
        Ok(rows.into_iter().map(Held::from).collect())
    }

    /// How many conversations are stuck.
    pub async fn count_stuck(&self, idle: Duration) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!("select count(*) from conversations c where c.status = 'processing' and ", stuck!(pg)),
            concat!("select count(*) from conversations c where c.status = 'processing' and ", stuck!(sqlite)),
        );
        let row: Option<(i64,)> = fetch_optional!(&mut tx, _, sql, self.now_parameter(), idle.as_secs_f64());
        tx.rollback().await?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// A conversation as it stands, whatever its state; `None` where there is none.
    pub async fn held(&self, conversation: ConversationId) -> Result<Option<Held>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(held!(idle_since!(pg), pg_now!("$1")), "c.id = $2"),
            concat!(held!(idle_since!(sqlite), sqlite_now!("$1")), "c.id = $2"),
        );
        let row: Option<Row> = fetch_optional!(&mut tx, _, sql, self.now_parameter(), DbId::from(conversation));
        tx.rollback().await?;
        Ok(row.map(Held::from))
    }

    /// Takes a conversation out of `processing`, if it is still held by the claim it was seen with and still stuck: a row
    /// that was finished or claimed anew meanwhile is left alone, and the answer is `false`.
    pub async fn rescue(&self, held: &Held, rescue: &Rescue, reason: &str) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let sql = tx.pick(
            concat!(
                "update conversations c set status = $5, claimed_by = null, claim_token = null, processing_started_at = null, \
                     next_attempt_at = null, last_error = $6, updated_at = ", pg_now!("$1"),
                " where c.id = $3 and c.status = 'processing' and c.claim_token is not distinct from $4 and ($7 or ", stuck!(pg), ")"
            ),
            concat!(
                "update conversations as c set status = $5, claimed_by = null, claim_token = null, processing_started_at = null, \
                     next_attempt_at = null, last_error = $6, updated_at = ", sqlite_now!("$1"),
                " where c.id = $3 and c.status = 'processing' and c.claim_token is $4 and ($7 or ", stuck!(sqlite), ")"
            ),
        );
        let rows = execute!(
            &mut tx,
            sql,
            self.now_parameter(),
            rescue.idle.unwrap_or_default().as_secs_f64(),
            DbId::from(held.conversation),
            held.token.map(DbId::from),
            if rescue.requeue { "active" } else { "failed" },
            reason,
            rescue.idle.is_none()
        );
        tx.commit().await?;
        Ok(rows == 1)
    }
}
