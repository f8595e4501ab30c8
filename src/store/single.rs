//! One conversation for `--id`: its state, and a claim of it alone.

use super::claims::{ClaimedRow, Due};
use super::codec::{DbId, DbTime};
use super::read::{Oddities, Read, row};
use super::retry::retrying;
use super::session::{Tx, fetch_all, fetch_optional};
use super::{Result, Store, sql};
use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::conversation::Claim;
use crate::domain::ids::{ConversationId, ExecutionId};

/// The state of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub struct Standing {
    /// Its `status`.
    pub status: String,
    /// Why its latest attempt failed.
    pub last_error: Option<String>,
    /// Used attempts.
    pub attempts: i64,
    /// Whether its player's id is null, or not spelled as we spell ids.
    pub is_odd: bool,
    /// Whether it is over: silent for long enough, or an ended call.
    pub is_over: bool,
    /// Whether another conversation of its player is being processed.
    pub player_is_busy: bool,
    /// Whether no other conversation of its player is being processed or comes first.
    pub is_first: bool,
}

row! {
    struct StandingRow {
        status: String,
        last_error: Read<String>,
        attempts: Read<i64>,
        is_odd: bool,
        is_over: bool,
        player_is_busy: bool,
        is_first: bool,
    }
}

impl Store {
    /// The state of a conversation; `None` if it does not exist.
    pub async fn standing(&self, due: &Due, conversation: ConversationId) -> Result<Option<Standing>> {
        let mut tx = self.begin_read().await?;
        let (cutoff, now) = (due.cutoff(), DbTime(due.now));
        let row: Option<StandingRow> =
            fetch_optional!(&mut tx, _, sql::STANDING, cutoff, now, MOST_ATTEMPTS, DbId::from(conversation));
        tx.rollback().await?;
        Ok(row.map(|row| Standing {
            status: row.status,
            last_error: row.last_error.ok(),
            attempts: row.attempts.ok().unwrap_or_default(),
            is_odd: row.is_odd,
            is_over: row.is_over,
            player_is_busy: row.player_is_busy,
            is_first: row.is_first,
        }))
    }

    /// The conversations that a claim would take, the first of them first.
    pub async fn due_conversations(&self, due: &Due, most: usize) -> Result<Vec<ConversationId>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<(Read<String>,)> = fetch_all!(
            &mut tx,
            _,
            sql::DUE_CONVERSATIONS,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout),
            i64::try_from(most).unwrap_or(i64::MAX)
        );
        tx.rollback().await?;
        Ok(rows.into_iter().filter_map(|(id,)| id.ok()?.parse().ok()).collect())
    }

    /// Claims this conversation for a run: one that is over, at once and not only after its pause; with `anew` also one that was
    /// processed or has failed, with all its attempts. `None` where it can't be claimed: nothing was written.
    ///
    /// One statement, which repeats every condition, so that two operators, or an operator and a timer, never both get it.
    pub async fn claim_one(
        &self,
        due: &Due,
        execution: ExecutionId,
        conversation: ConversationId,
        anew: bool,
    ) -> Result<Option<Claim>> {
        retrying(|| self.try_claim_one(due, execution, conversation, anew, true)).await
    }

    /// The same, but `None` also where another transaction has locked its row.
    pub async fn claim_if_free(
        &self,
        due: &Due,
        execution: ExecutionId,
        conversation: ConversationId,
    ) -> Result<Option<Claim>> {
        retrying(|| self.try_claim_one(due, execution, conversation, false, false)).await
    }

    async fn try_claim_one(
        &self,
        due: &Due,
        execution: ExecutionId,
        conversation: ConversationId,
        anew: bool,
        waits: bool,
    ) -> Result<Option<Claim>> {
        let mut tx = self.begin_write().await?;
        if matches!(tx, Tx::Pg(_)) && !waits {
            let free = "select id from conversations where id = $1 for no key update skip locked";
            let row: Option<(Read<DbId>,)> = fetch_optional!(&mut tx, _, free, DbId::from(conversation));
            if row.is_none() {
                tracing::info!(%conversation, "locked by another transaction, passed over");
                tx.rollback().await?;
                return Ok(None);
            }
        }
        let row: Option<ClaimedRow> = fetch_optional!(
            &mut tx,
            _,
            sql::CLAIM_ONE,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            DbId::from(execution),
            self.now_parameter(),
            DbId::from(conversation),
            anew
        );
        tx.commit().await?;
        let mut odd = Oddities::default();
        let claim = row.and_then(|row| row.claim(&mut odd));
        odd.tell();
        Ok(claim)
    }
}
