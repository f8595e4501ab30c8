//! Committing a conversation: the fence, then every effect, in one transaction (spec 02). On PostgreSQL the everyday effects
//! are one statement with the fence ([`super::folded`]); the rest come one by one.

use chrono::{DateTime, Utc};

use super::claims::Leave;
use super::effects::apply;
use super::folded::Folded;
use super::retry::retrying;
use super::{Pool, Result, Store};
use crate::domain::conversation::Claim;
use crate::domain::effect::Effect;

/// What the effects need to know besides themselves.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The proof that the conversation is ours.
    pub claim: &'a Claim,
    /// The run's time.
    pub now: DateTime<Utc>,
    /// How long the prompts took, in milliseconds.
    pub prompt_ms: f64,
    /// All that the pipeline decided, in the order of the stages.
    pub effects: &'a [Effect],
}

impl Store {
    /// Closes the conversation as processed and applies every effect, or does nothing at all. `false` where the claim is no
    /// longer ours.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<bool> {
        // Another program may get in our way, on the current prompt for one; all is rolled back then, and the fence is asked
        // again.
        retrying(|| self.try_commit(commit)).await
    }

    async fn try_commit(&self, commit: &Commit<'_>) -> Result<bool> {
        if let Pool::Pg(_) = self.pool
            && let Some(rows) = Folded::of(commit)
        {
            return self.commit_folded(commit, rows).await;
        }
        let mut tx = self.begin_write().await?;
        if !self.fence(&mut tx, commit.claim, &Leave::Processed).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        for effect in commit.effects {
            apply(&mut tx, commit, effect).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
