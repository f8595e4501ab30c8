//! Memos: answers that were paid for, kept until their conversation has ended (spec 02).
//!
//! They are made of the conversation's text, so they live nowhere but here. What ends a conversation forgets its
//! memos with it; [`Store::forget_memos`] those of conversations that others have ended.

use super::codec::DbId;
use super::read::Read;
use super::retry::retrying;
use super::session::{execute, fetch_optional};
use super::{Result, Store, sql};
use crate::core::stages::StageName;
use crate::domain::conversation::Claim;

impl Store {
    /// The answer that was written down for this question, if one was.
    pub async fn memo(&self, claim: &Claim, stage: StageName, input_hash: &str) -> Result<Option<String>> {
        let mut tx = self.autocommit().await?;
        let row: Option<(Read<String>,)> = fetch_optional!(
            &mut tx,
            _,
            "select answer from stage_memos where conversation_id = $1 and stage = $2 and input_hash = $3",
            DbId::from(claim.conversation),
            stage.as_str(),
            input_hash
        );
        tx.commit().await?;
        Ok(row.and_then(|(answer,)| answer.ok()))
    }

    /// Writes an answer down, as long as the conversation is ours. `false` where it is not: nothing was written.
    pub async fn keep_memo(&self, claim: &Claim, stage: StageName, input_hash: &str, answer: &str) -> Result<bool> {
        retrying(|| async {
            let mut tx = self.begin_write().await?;
            let kept = execute!(
                &mut tx,
                sql::KEEP_MEMO,
                DbId::from(claim.conversation),
                DbId::from(claim.token),
                stage.as_str(),
                input_hash,
                answer
            );
            tx.commit().await?;
            Ok(kept == 1)
        })
        .await
    }

    /// Forgets the memos of conversations that were ended without us, by `recover` or by hand. How many there were.
    pub async fn forget_memos(&self) -> Result<u64> {
        retrying(|| async {
            let mut tx = self.begin_write().await?;
            let forgotten = execute!(&mut tx, sql::FORGET_MEMOS);
            tx.commit().await?;
            Ok(forgotten)
        })
        .await
    }
}
