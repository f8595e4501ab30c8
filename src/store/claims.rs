//! Claims: taking conversations and closing or releasing them (spec 02).
//!
//! ```text
//!                claim (attempt + 1, fresh token)
//!     active ─────────────────────────────────────▶ processing
//!       ▲ ▲                                         │  │  │
//!       │ └── retry: later ─────────────────────────┘  │  ├── commit ▶ processed   (with all effects, or not at all)
//!       └──── release: attempt - 1, at once or later ──┘  └── fail ──▶ failed
//! ```
//!
//! Every way out is one statement that repeats the claim: id, token, `processing`, and the time of the claim, which the application's own
//! claim changes. If it finds no row, the claim has been lost meanwhile, and nothing is written.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::codec::{DbId, DbIds, DbTime};
use super::read::{Oddities, Read, row};
use super::retry::{answered, retrying};
use super::session::{Tx, execute, fetch_all, fetch_one, fetch_optional};
use super::{Another, Pool, Result, Store, sql};
use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::conversation::Claim;
use crate::domain::ids::{ConversationId, ExecutionId, Token, UserId};

/// Which conversations can be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The run's time.
    pub now: DateTime<Utc>,
    /// How long after its last message a conversation is over. A call is over as soon as it has ended.
    pub session_timeout: Duration,
    /// The share of players whose conversations are processed, 0 to 100 percent.
    pub rollout: u8,
}

impl Due {
    /// The latest time for the last message of a conversation that is over.
    pub(super) fn cutoff(&self) -> DbTime {
        let timeout = TimeDelta::from_std(self.session_timeout).unwrap_or(TimeDelta::MAX);
        DbTime(self.now.checked_sub_signed(timeout).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }
}

row! {
    /// What a claim's statement returns.
    pub(super) struct ClaimedRow {
        id: Read<DbId>,
        user_id: Read<DbId>,
        claim_token: Read<DbId>,
        processing_attempts: Read<i64>,
        provider_outages: Read<i64>,
        refusals: Read<i64>,
    }
}

impl ClaimedRow {
    /// None if an id can't be read.
    pub(super) fn claim(self, odd: &mut Oddities) -> Option<Claim> {
        let number = |read: Read<i64>| i32::try_from(read.ok().unwrap_or_default()).unwrap_or(i32::MAX);
        Some(Claim {
            conversation: ConversationId(odd.need("conversations.id", self.id)?.0),
            user: UserId(odd.need("conversations.user_id", self.user_id)?.0),
            token: Token(odd.need("conversations.claim_token", self.claim_token)?.0),
            attempt: number(self.processing_attempts),
            outages: number(self.provider_outages),
            refusals: number(self.refusals),
        })
    }
}

/// The placeholder for the limit in a claim's statement.
const LIMIT: &str = "limit 10 -- most";

impl Store {
    /// Claims at most `most` conversations for a run, oldest first, each with a fresh token and never two of one player. Also returns how many
    /// more were claimed whose ids can't be read: the run gives them back at its end.
    pub async fn claim(&self, due: &Due, execution: ExecutionId, most: usize) -> Result<(Vec<Claim>, usize)> {
        // Another run can claim another conversation of the same player first. The unique index then fails our claim, and it is retried.
        retrying(|| self.try_claim(due, execution, most)).await
    }

    async fn try_claim(&self, due: &Due, execution: ExecutionId, most: usize) -> Result<(Vec<Claim>, usize)> {
        let mut tx = match self.pool {
            Pool::Pg(_) => self.autocommit().await?,
            Pool::Sqlite(_) => {
                let mut tx = self.begin_write().await?;
                execute!(&mut tx, sql::CLEAR_VOID_CLAIMS);
                tx
            }
        };
        let text = tx.pick(sql::CLAIM.postgres, sql::CLAIM.sqlite);
        let rows: Vec<ClaimedRow> = fetch_all!(
            &mut tx,
            _,
            AssertSqlSafe(text.replace(LIMIT, &format!("limit {most}"))),
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout),
            DbId::from(execution),
            self.now_parameter()
        );
        tx.commit().await?;
        let (mut odd, taken) = (Oddities::default(), rows.len());
        let claims: Vec<_> = rows.into_iter().filter_map(|row| row.claim(&mut odd)).collect();
        odd.tell();
        let unreadable = taken - claims.len();
        Ok((claims, unreadable))
    }

    /// How many conversations could be claimed, one after another.
    pub async fn count_due(&self, due: &Due) -> Result<usize> {
        let mut tx = self.begin_long_read().await?;
        let (count,): (i64,) = fetch_one!(
            &mut tx,
            _,
            sql::COUNT_DUE,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout)
        );
        tx.rollback().await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Removes our token from conversations whose status the application has changed. It does not know about tokens.
    pub async fn clear_void_claims(&self) -> Result<()> {
        retrying(|| async {
            let mut tx = self.autocommit().await?;
            execute!(&mut tx, sql::CLEAR_VOID_CLAIMS);
            tx.commit().await
        })
        .await
    }

    /// Takes a conversation out of processing without any effect. `false` if the claim is lost: nothing was written. If the response is lost,
    /// repeats the statement, and then checks the state of the row.
    ///
    /// # Errors
    /// [`StoreError::is_unsure`] if it is unknown whether it was done.
    pub async fn close_claim(&self, claim: &Claim, outcome: &Outcome) -> Result<bool> {
        let lost = match retrying(|| self.try_close_claim(claim, outcome)).await {
            Err(error) if error.is_unsure() => error,
            other => return other,
        };
        let again = match retrying(|| self.try_close_claim(claim, outcome)).await {
            Ok(false) => self.is_closed_as(claim, outcome).await,
            other => other,
        };
        if matches!(again, Ok(true)) { Ok(true) } else { Err(lost) }
    }

    async fn is_closed_as(&self, claim: &Claim, outcome: &Outcome) -> Result<bool> {
        let (status, error) = match outcome {
            Outcome::Failed { error } => ("failed", Some(error)),
            Outcome::Retry { error, .. } | Outcome::Refusal { error, .. } | Outcome::Outage { error, .. } => {
                ("active", Some(error))
            }
            Outcome::Released => ("active", None),
        };
        let mut tx = self.autocommit().await?;
        let conversation = DbId::from(claim.conversation);
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::IS_CLOSED_AS, conversation, status, error);
        tx.commit().await?;
        Ok(count == 1)
    }

    async fn try_close_claim(&self, claim: &Claim, outcome: &Outcome) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let ours = self.close_in(&mut tx, claim, outcome).await?;
        if ours {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(ours)
    }

    async fn close_in(&self, tx: &mut Tx, claim: &Claim, outcome: &Outcome) -> Result<bool> {
        let (status, attempts, outages, refusals, pause, error) = match outcome {
            Outcome::Failed { error } => ("failed", 0, 0, 0, None, Some(error)),
            Outcome::Retry { pause, error } => ("active", 0, 0, 0, Some(*pause), Some(error)),
            Outcome::Refusal { pause, error } => ("active", 0, 0, 1, Some(*pause), Some(error)),
            Outcome::Outage { pause, counts: true, error } => ("active", 0, 1, 0, Some(*pause), Some(error)),
            Outcome::Outage { pause, counts: false, error } => ("active", 1, 1, 0, Some(*pause), Some(error)),
            Outcome::Released => ("active", 1, 0, 0, None, None),
        };
        let left: Option<(i64,)> = fetch_optional!(
            &mut *tx,
            _,
            sql::CLOSE_CLAIM,
            self.now_parameter(),
            DbId::from(claim.conversation),
            DbId::from(claim.token),
            status,
            attempts,
            outages,
            refusals,
            pause.map(TimeDelta::as_seconds_f64),
            error
        );
        let ours = left == Some((1,));
        if ours && matches!((&*tx, outcome), (Tx::Sqlite(_), Outcome::Failed { .. })) {
            execute!(tx, "delete from stage_memos where conversation_id = $1", DbId::from(claim.conversation));
        }
        Ok(ours)
    }

    /// Releases, each with its attempt, this run's claims that are not in flight: those whose response was lost. If the database refuses that
    /// of one, the others are released one by one.
    pub async fn give_back_claims(
        &self,
        execution: ExecutionId,
        in_flight: impl IntoIterator<Item = ConversationId>,
    ) -> Result<Vec<ConversationId>> {
        let in_flight = DbIds(in_flight.into_iter().map(|id| id.0).collect());
        let refusal = match answered(|| self.try_give_back_claims(execution, &in_flight)).await {
            Err(error) if error.is_the_items(Another::Works) => error,
            done => return done,
        };
        tracing::warn!(error = %refusal, "the database refuses to release claims; they are released one by one");
        let claimed = self.claimed_by(execution).await?;
        let mut released = Vec::new();
        for one in claimed.iter().filter(|id| !in_flight.0.contains(id)) {
            let others = DbIds(claimed.iter().chain(&in_flight.0).copied().filter(|id| id != one).collect());
            match answered(|| self.try_give_back_claims(execution, &others)).await {
                Ok(given_back) => released.extend(given_back),
                Err(error) if error.is_the_items(Another::Works) => {
                    tracing::error!(conversation = %one, error = %error, "not released, left to `recover`");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(released)
    }

    async fn claimed_by(&self, execution: ExecutionId) -> Result<Vec<Uuid>> {
        let mut tx = self.autocommit().await?;
        let claimed = "select id from conversations where status = 'processing' and claimed_by = $1";
        let rows: Vec<(Read<DbId>,)> = fetch_all!(&mut tx, _, claimed, DbId::from(execution));
        tx.commit().await?;
        Ok(rows.into_iter().filter_map(|(id,)| id.ok()).map(|id| id.0).collect())
    }

    async fn try_give_back_claims(&self, execution: ExecutionId, in_flight: &DbIds) -> Result<Vec<ConversationId>> {
        let mut tx = self.begin_write().await?;
        if let Tx::Pg(_) = tx {
            // Waits for a claim in progress, which locks this row, so that the next statement sees what it took.
            execute!(&mut tx, "select id from job_executions where id = $1 for update", DbId::from(execution));
        }
        let rows: Vec<(Read<DbId>,)> =
            fetch_all!(&mut tx, _, sql::GIVE_BACK_CLAIMS, self.now_parameter(), DbId::from(execution), in_flight);
        tx.commit().await?;
        Ok(rows.into_iter().filter_map(|(id,)| id.ok()).map(|id| ConversationId(id.0)).collect())
    }

    /// What became of a commit whose response was lost, read on another connection under the row's lock. If the claim is still ours, it is
    /// released now.
    pub async fn learn_fate(&self, claim: &Claim) -> Result<Fate> {
        let mut tx = self.begin_write().await?;
        let (conversation, token) = (DbId::from(claim.conversation), DbId::from(claim.token));
        let row: Option<(bool, bool)> = fetch_optional!(&mut tx, _, sql::CLAIM_FATE, conversation, token);
        let fate = match row {
            Some((true, _)) => Fate::Committed,
            Some((false, true)) if self.close_in(&mut tx, claim, &Outcome::Released).await? => Fate::GivenBack,
            _ => Fate::Unknown,
        };
        tx.commit().await?;
        Ok(fate)
    }
}

/// What became of a commit whose response was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took place.
    Committed,
    /// It did not, and the conversation is due again.
    GivenBack,
    /// Unknown, because the conversation has changed again meanwhile.
    Unknown,
}

/// The ways out of `processing` besides the commit, as in spec 02.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Given up.
    Failed {
        /// Why, without any conversation text.
        error: String,
    },
    /// To be retried; the attempt counts.
    Retry {
        /// How long until the retry, by the database's clock.
        pause: TimeDelta,
        /// Why, without any conversation text.
        error: String,
    },
    /// The provider refuses it but answers others. Newer conversations of the player do not wait for it. The attempt counts.
    Refusal {
        /// How long until the retry, by the database's clock.
        pause: TimeDelta,
        /// Why, without any conversation text.
        error: String,
    },
    /// The provider, or the database, was unavailable.
    Outage {
        /// How long until the retry, by the database's clock.
        pause: TimeDelta,
        /// Whether the attempt counts, because the conversation has had too many outages.
        counts: bool,
        /// Why, without any conversation text.
        error: String,
    },
    /// Not begun, or interrupted by a shutdown: due again at once, as if it had never been claimed.
    Released,
}
