//! One conversation at an operator's wish: how it stands, and a claim on it alone.

use super::claims::{ClaimedRow, Due, first_of_its_player, over, sqlite_token};
use super::codec::{DbId, DbTime};
use super::retry::retrying;
use super::session::{fetch_optional, pg_now, sqlite_now};
use super::{Result, Store};
use crate::domain::conversation::Claim;
use crate::domain::ids::{ConversationId, ExecutionId};

/// How a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// Its `status`.
    pub status: String,
    /// Why its latest attempt did not succeed.
    pub last_error: Option<String>,
    /// Attempts it has used.
    pub attempts: i32,
    /// Whether it is over: silent for long enough, or a call that has ended.
    pub is_over: bool,
    /// Whether another conversation of its player is being processed.
    pub player_is_busy: bool,
    /// Whether no other conversation of its player is being processed or goes first.
    pub is_first: bool,
}

macro_rules! busy {
    () => {
        "exists (select 1 from conversations b where b.user_id = c.user_id and b.id <> c.id and b.status = 'processing')"
    };
}

macro_rules! is_over {
    () => {
        concat!("(coalesce(", over!(silent), ", false) or coalesce(", over!(ended), ", false))")
    };
}

/// What may be claimed by hand: $5 is the conversation, $6 whether it is to be processed anew.
macro_rules! claimable {
    () => {
        concat!(
            "c.id = $5 and c.claim_token is null and ((c.status = 'active' and (coalesce(c.processing_attempts, 0) < 3 or $6) and ",
            is_over!(),
            " and ",
            first_of_its_player!(),
            ") or ($6 and c.status in ('processed', 'failed') and not ",
            busy!(),
            "))"
        )
    };
}

impl Store {
    /// How a conversation stands; `None` where there is none.
    pub async fn standing(&self, due: &Due, conversation: ConversationId) -> Result<Option<Standing>> {
        let mut tx = self.begin_read().await?;
        let sql = concat!(
            "select coalesce(cast(c.status as text), '') as status, c.last_error, \
                 cast(coalesce(c.processing_attempts, 0) as integer) as attempts, ",
            is_over!(),
            " as is_over, ",
            busy!(),
            " as player_is_busy, ",
            first_of_its_player!(),
            " as is_first from conversations c where c.id = $3"
        );
        let standing = fetch_optional!(&mut tx, _, sql, due.cutoff(), DbTime(due.now), DbId::from(conversation));
        tx.rollback().await?;
        Ok(standing)
    }

    /// Claims this conversation for a run: one that is over, at once and not only after its pause; with `anew` also one that was
    /// processed or has failed, with all its attempts. `None` where it can't be claimed: nothing was written.
    ///
    /// One statement, which repeats every condition: two operators, or an operator and a timer, never get it both.
    pub async fn claim_one(
        &self,
        due: &Due,
        execution: ExecutionId,
        conversation: ConversationId,
        anew: bool,
    ) -> Result<Option<Claim>> {
        retrying(|| self.try_claim_one(due, execution, conversation, anew)).await
    }

    async fn try_claim_one(
        &self,
        due: &Due,
        execution: ExecutionId,
        conversation: ConversationId,
        anew: bool,
    ) -> Result<Option<Claim>> {
        let mut tx = self.begin_write().await?;
        let sql = tx.pick(
            concat!(
                "update conversations c set status = 'processing', \
                     processing_attempts = case when $6 then 1 else coalesce(c.processing_attempts, 0) + 1 end, \
                     provider_outages = case when $6 then 0 else c.provider_outages end, processing_started_at = ",
                pg_now!("$4"),
                ", updated_at = ",
                pg_now!("$4"),
                ", claimed_by = $3, claim_token = gen_random_uuid() where ",
                claimable!(),
                " returning c.id, c.user_id, c.claim_token, cast(c.processing_attempts as integer) as processing_attempts, c.provider_outages"
            ),
            concat!(
                "update conversations as c set status = 'processing', \
                     processing_attempts = case when $6 then 1 else coalesce(c.processing_attempts, 0) + 1 end, \
                     provider_outages = case when $6 then 0 else c.provider_outages end, processing_started_at = ",
                sqlite_now!("$4"),
                ", updated_at = ",
                sqlite_now!("$4"),
                ", claimed_by = $3, claim_token = ",
                sqlite_token!(),
                " where ",
                claimable!(),
                " returning id, user_id, claim_token, processing_attempts, provider_outages"
            ),
        );
        let row: Option<ClaimedRow> = fetch_optional!(
            &mut tx,
            _,
            sql,
            due.cutoff(),
            DbTime(due.now),
            DbId::from(execution),
            self.now_parameter(),
            DbId::from(conversation),
            anew
        );
        tx.commit().await?;
        Ok(row.map(Claim::from))
    }
}
