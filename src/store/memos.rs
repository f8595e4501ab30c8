//! Memos: paid answers, cached until their conversation has ended (spec 02).
//!
//! They contain conversation text, so they are stored nowhere else. The statement that ends a conversation deletes its memos;
//! [`Store::forget_memos`] deletes those of conversations that other programs ended.

use super::codec::DbId;
use super::read::Read;
use super::session::{execute, fetch_optional};
use super::{Result, Store, sql};
use crate::core::stages::StageName;
use crate::domain::conversation::Claim;

impl Store {
    /// The cached answer to this request, if any.
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

    /// Caches an answer if the claim is still ours. `false` if it is not: nothing was written.
    pub async fn keep_memo(&self, claim: &Claim, stage: StageName, input_hash: &str, answer: &str) -> Result<bool> {
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
    }

    /// Deletes the memos of conversations that `recover` or a person ended. Returns how many there were.
    pub async fn forget_memos(&self) -> Result<u64> {
        let mut tx = self.begin_write().await?;
        let forgotten = execute!(&mut tx, sql::FORGET_MEMOS);
        tx.commit().await?;
        Ok(forgotten)
    }
}
