//! Claims: taking conversations, and giving them back (spec 02).
//!
//! ```text
//!                claim (attempt + 1, fresh token)
//!     active ─────────────────────────────────────▶ processing
//!       ▲ ▲                                         │  │  │
//!       │ └── retry: later ─────────────────────────┘  │  ├── commit ▶ processed   (with all effects, or not at all)
//!       └──── release: attempt - 1, at once or later ──┘  └── fail ──▶ failed
//! ```
//!
//! Every way out is one statement that repeats the claim: id, token, `processing`. Where it finds no row, the claim was
//! given away meanwhile, and nothing is written.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::codec::{DbId, DbTime};
use super::read::row;
use super::retry::retrying;
use super::session::{Tx, execute, fetch_all, fetch_one, fetch_optional, pg_now, sqlite_now};
use super::{Result, Store, sql};
use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::conversation::Claim;
use crate::domain::ids::{ConversationId, ExecutionId, Token, UserId};

/// What may be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The run's time.
    pub now: DateTime<Utc>,
    /// How long after its last message a conversation is over. A call that has ended is over at once.
    pub session_timeout: Duration,
    /// The share of players whose conversations are taken, 0 to 100 percent.
    pub rollout: u8,
}

impl Due {
    /// The last message must not be later than this.
    pub(super) fn cutoff(&self) -> DbTime {
        let timeout = TimeDelta::from_std(self.session_timeout).unwrap_or(TimeDelta::MAX);
        DbTime(self.now.checked_sub_signed(timeout).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }
}

row! {
    /// What a claim's statement returns.
    pub(super) struct ClaimedRow {
        id: DbId,
        user_id: DbId,
        claim_token: DbId,
        processing_attempts: i32,
        provider_outages: i32,
    }
}

impl From<ClaimedRow> for Claim {
    fn from(row: ClaimedRow) -> Self {
        Self {
            conversation: ConversationId(row.id.0),
            user: UserId(row.user_id.0),
            token: Token(row.claim_token.0),
            attempt: row.processing_attempts,
            outages: row.provider_outages,
        }
    }
}

/// The player of `c` is within the rollout, $n percent: the remainder of the id's first and last 32 bits by 100 is the same in
/// every database, and never changes, so that a player who is in stays in as the share grows.
macro_rules! within_rollout {
    (pg, $rollout:literal) => {
        concat!(
            "(",
            $rollout,
            " >= 100 or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint \
                 + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < ",
            $rollout,
            ")"
        )
    };
    (sqlite, $rollout:literal) => {
        concat!(
            "(",
            $rollout,
            " >= 100 or ((('0x' || substr(c.user_id, 1, 8)) ->> '$') + (('0x' || substr(c.user_id, -8)) ->> '$')) % 100 < ",
            $rollout,
            ")"
        )
    };
}
pub(super) use within_rollout;

/// Attempts are left, the backoff is over, and the player is within the rollout. $2 is the run's time.
macro_rules! ready {
    ($dialect:ident, $rollout:literal) => {
        concat!(ready!(), " and ", within_rollout!($dialect, $rollout))
    };
    () => {
        "c.status = 'active' and c.claim_token is null and coalesce(c.processing_attempts, 0) < 3 \
         and (c.next_attempt_at is null or c.next_attempt_at <= $2)"
    };
}

/// No other conversation of the player is being processed, and no older one is over and waits for its turn: memory and
/// prompts build up in order. $1 is the cutoff. The two states stand there once more because SQLite does not see by itself that
/// their index serves, and would read the whole table.
macro_rules! first_of_its_player {
    () => {
        "not exists (select 1 from conversations o where o.user_id = c.user_id and o.id <> c.id \
             and o.status in ('active', 'processing') and (o.status = 'processing' or (o.status = 'active' and coalesce(o.processing_attempts, 0) < 3 \
                 and (o.last_message_at <= $1 or (o.platform = 'voice' and o.ended_at <= $2)) \
                 and (coalesce(o.last_message_at, o.ended_at), o.id) < (coalesce(c.last_message_at, c.ended_at), c.id))))"
    };
}

/// A random id in SQLite, which has none of its own.
macro_rules! sqlite_token {
    () => {
        "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' \
             || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
    };
}

/// The two ways of being over, each by an index of its own: silence, and the end of a call that is not silent yet. No
/// conversation is over in both.
macro_rules! over {
    (silent) => {
        "c.last_message_at <= $1"
    };
    (ended) => {
        "c.platform = 'voice' and c.ended_at <= $2 and (c.last_message_at is null or c.last_message_at > $1)"
    };
}

/// The statement of [`Store::fence`], around the database's time and the instant of the next try, which it writes each its
/// own way, and what else is set.
macro_rules! leaving {
    ($now:expr, $next:expr, $more:literal) => {
        concat!(
            // Where processing it anew has failed for good, the effects of the earlier processing stand, and so does its state.
            "update conversations set status = case when $4 = 'failed' and processed_at is not null then 'processed' else $4 end, \
                 claimed_by = null, claim_token = null, \
                 processing_attempts = processing_attempts - $5, provider_outages = provider_outages + $6, \
                 next_attempt_at = ",
            $next,
            ", last_error = $8, updated_at = ",
            $now,
            ", processed_at = case when $4 = 'processed' then ",
            $now,
            " else processed_at end",
            $more,
            " where id = $2 and claim_token = $3 and status = 'processing'"
        )
    };
}

/// The same on PostgreSQL, as the head of a statement in which everything else hangs on `closed`: it has a row where the claim
/// was ours, and none otherwise. What a conversation's answers were worth ends with it.
macro_rules! pg_closed {
    ($more:literal) => {
        concat!(
            "with closed as (",
            leaving!(pg_now!("$1"), concat!(pg_now!("$1"), " + make_interval(secs => $7)"), $more),
            " returning id), \
             forgotten as (delete from stage_memos m using closed where m.conversation_id = closed.id and $4 in ('processed', 'failed'))"
        )
    };
}

impl Store {
    /// Claims at most `most` conversations for a run, oldest first, each with a fresh token and never two of one player.
    pub async fn claim(&self, due: &Due, execution: ExecutionId, most: usize) -> Result<Vec<Claim>> {
        // Another run may get to a player's other conversation first; the unique index tells us, and we look again.
        retrying(|| self.try_claim(due, execution, most)).await
    }

    async fn try_claim(&self, due: &Due, execution: ExecutionId, most: usize) -> Result<Vec<Claim>> {
        let mut tx = self.autocommit().await?;
        // The limit is part of the text: of a parameter PostgreSQL would not know that it is small, and would make a new plan for
        // each claim, which takes five times as long as the claim itself.
        let sql = tx.pick(
            concat!(
                "with silent as (select c.id, c.last_message_at as over_at from conversations c where ",
                over!(silent),
                " and ",
                ready!(pg, "$5"),
                " and ",
                first_of_its_player!(),
                " order by c.last_message_at limit {most} for no key update skip locked), \
                 ended as (select c.id, c.ended_at as over_at from conversations c where ",
                over!(ended),
                " and ",
                ready!(pg, "$5"),
                " and ",
                first_of_its_player!(),
                " order by c.ended_at limit {most} for no key update skip locked), \
                 oldest as (select id from (select * from silent union all select * from ended) it order by over_at, id limit {most}) \
                 update conversations c set status = 'processing', processing_attempts = coalesce(c.processing_attempts, 0) + 1, \
                     processing_started_at = ",
                pg_now!("$4"),
                ", \
                     updated_at = ",
                pg_now!("$4"),
                ", \
                     claimed_by = $3, claim_token = gen_random_uuid() \
                 from oldest where c.id = oldest.id and c.status = 'active' \
                 returning c.id, c.user_id, c.claim_token, cast(c.processing_attempts as integer) as processing_attempts, c.provider_outages"
            ),
            concat!(
                "update conversations set status = 'processing', processing_attempts = coalesce(processing_attempts, 0) + 1, \
                     processing_started_at = ",
                sqlite_now!("$4"),
                ", \
                     updated_at = ",
                sqlite_now!("$4"),
                ", claimed_by = $3, \
                     claim_token = ",
                sqlite_token!(),
                " \
                 where id in (select id from ( \
                     select * from (select c.id, c.last_message_at as over_at from conversations c where ",
                over!(silent),
                " and ",
                ready!(sqlite, "$5"),
                " and ",
                first_of_its_player!(),
                " order by c.last_message_at limit {most}) \
                     union all \
                     select * from (select c.id, c.ended_at as over_at from conversations c where ",
                over!(ended),
                " and ",
                ready!(sqlite, "$5"),
                " and ",
                first_of_its_player!(),
                " order by c.ended_at limit {most})) \
                     order by over_at, id limit {most}) \
                 returning id, user_id, claim_token, processing_attempts, provider_outages"
            ),
        );
        let rows: Vec<ClaimedRow> = fetch_all!(
            &mut tx,
            _,
            AssertSqlSafe(sql.replace("{most}", &most.to_string())),
            due.cutoff(),
            DbTime(due.now),
            DbId::from(execution),
            self.now_parameter(),
            i32::from(due.rollout)
        );
        tx.commit().await?;
        Ok(rows.into_iter().map(Claim::from).collect())
    }

    /// How many conversations a claim could take, one after another.
    pub async fn count_due(&self, due: &Due) -> Result<usize> {
        let mut tx = self.autocommit().await?;
        let (count,): (i64,) = fetch_one!(
            &mut tx,
            _,
            sql::COUNT_DUE,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout)
        );
        tx.commit().await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Takes a conversation out of processing without any effect. `false` where the claim is lost: nothing was written.
    pub async fn leave(&self, claim: &Claim, leave: &Leave) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let ours = self.fence(&mut tx, claim, leave).await?;
        if ours {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(ours)
    }

    /// The fence: the one statement by which a conversation leaves `processing` with its claim. `false` where the claim is
    /// no longer ours.
    pub(super) async fn fence(&self, tx: &mut Tx, claim: &Claim, leave: &Leave) -> Result<bool> {
        let sql = tx.pick(
            concat!(pg_closed!(""), " select count(*) from closed"),
            concat!(
                leaving!(
                    sqlite_now!("$1"),
                    concat!("strftime('%Y-%m-%dT%H:%M:%f000Z', ", sqlite_now!("$1"), ", '+' || $7 || ' seconds')"),
                    ""
                ),
                " returning 1"
            ),
        );
        let (status, attempts, outages, pause, error) = match leave {
            Leave::Processed => ("processed", 0, 0, None, None),
            Leave::Failed { error } => ("failed", 0, 0, None, Some(error)),
            Leave::Retry { pause, error } => ("active", 0, 0, Some(*pause), Some(error)),
            Leave::Outage { pause, counts: true, error } => ("active", 0, 1, Some(*pause), Some(error)),
            Leave::Outage { pause, counts: false, error } => ("active", 1, 1, Some(*pause), Some(error)),
            Leave::Released => ("active", 1, 0, None, None),
        };
        let left: Option<(i64,)> = fetch_optional!(
            &mut *tx,
            _,
            sql,
            self.now_parameter(),
            DbId::from(claim.conversation),
            DbId::from(claim.token),
            status,
            attempts,
            outages,
            pause.map(TimeDelta::as_seconds_f64),
            error
        );
        let ours = left == Some((1,));
        if ours && matches!((&*tx, status), (Tx::Sqlite(_), "processed" | "failed")) {
            execute!(tx, "delete from stage_memos where conversation_id = $1", DbId::from(claim.conversation));
        }
        Ok(ours)
    }
}

/// The ways out of `processing`, as spec 02 lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Done, or unread because the game is over.
    Processed,
    /// Given up.
    Failed {
        /// Why, without any conversation text.
        error: String,
    },
    /// To be tried again; the attempt counts.
    Retry {
        /// Not before so long from now, on the database's clock.
        pause: TimeDelta,
        /// Why, without any conversation text.
        error: String,
    },
    /// The provider was unavailable.
    Outage {
        /// Not before so long from now, on the database's clock.
        pause: TimeDelta,
        /// Whether the attempt counts, because the conversation has met too many outages.
        counts: bool,
        /// Why, without any conversation text.
        error: String,
    },
    /// Not begun, or broken off by a shutdown: due again at once, as if it had never been claimed.
    Released,
}

pub(super) use {first_of_its_player, leaving, over, pg_closed, sqlite_token};
