//! Facts without a vector: finding them, and storing what they have got later (spec 04).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codec::{DbId, DbIds, DbTime, DbVector};
use super::retry::retrying;
use super::session::{execute, fetch_all};
use super::{Result, Store};
use crate::core::backfill::Filled;
use crate::domain::ids::UserId;

/// An active fact that waits for its vector.
#[derive(Clone, Debug)]
pub struct BareFact {
    /// Its primary key.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// The sentence.
    pub fact: String,
    /// When it was learned.
    pub created_at: DateTime<Utc>,
}

impl Store {
    /// The oldest active facts without a vector, at most `most`. Blank ones are left alone: no provider embeds them.
    pub async fn facts_without_vector(&self, most: usize) -> Result<Vec<BareFact>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<(DbId, DbId, String, DbTime)> = fetch_all!(
            &mut tx,
            _,
            "select id, user_id, fact, created_at from memory_facts \
             where embedding is null and is_active and user_id is not null and trim(fact) <> '' and created_at is not null \
             order by created_at, id limit $1",
            i64::try_from(most).unwrap_or(i64::MAX)
        );
        tx.rollback().await?;
        let read = |(id, user, fact, created_at): (DbId, DbId, _, DbTime)| BareFact {
            id: id.0,
            user: UserId(user.0),
            fact,
            created_at: created_at.0,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// When these facts were learned.
    pub async fn learned_at(&self, facts: &[Uuid]) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            "select id, created_at from memory_facts where id = any($1) and created_at is not null",
            "select id, created_at from memory_facts where id in (select value from json_each($1)) \
             and created_at is not null",
        );
        let rows: Vec<(DbId, DbTime)> = fetch_all!(&mut tx, _, sql, DbIds(facts.to_vec()));
        tx.rollback().await?;
        Ok(rows.into_iter().map(|(id, at)| (id.0, at.0)).collect())
    }

    /// Stores one player's late vectors, and who replaces whom, in one transaction. A fact that has got its vector or was
    /// replaced meanwhile is left alone, and so is one whose successor was; how many were stored.
    pub async fn fill_vectors(&self, user: UserId, facts: &[Filled]) -> Result<u64> {
        retrying(|| self.try_fill_vectors(user, facts)).await
    }

    async fn try_fill_vectors(&self, user: UserId, facts: &[Filled]) -> Result<u64> {
        let mut tx = self.begin_write().await?;
        let mut filled = 0;
        // Those that stay come first, so that a successor is found active.
        let (stay, go): (Vec<_>, Vec<_>) = facts.iter().partition(|fact| fact.superseded_by.is_none());
        for fact in stay.into_iter().chain(go) {
            let ours = execute!(
                &mut tx,
                "update memory_facts set embedding = $3, is_active = $4, superseded_by = $5 \
                 where id = $1 and user_id = $2 and is_active and embedding is null \
                 and ($5 is null or exists (select 1 from memory_facts newer where newer.id = $5))",
                DbId(fact.id),
                DbId::from(user),
                DbVector(fact.vector.clone()),
                fact.superseded_by.is_none(),
                fact.superseded_by.map(DbId)
            );
            filled += ours;
            if ours == 1 && !fact.supersedes.is_empty() {
                let sql = tx.pick(
                    "update memory_facts set is_active = false, superseded_by = $1 \
                     where user_id = $2 and is_active and id = any($3)",
                    "update memory_facts set is_active = false, superseded_by = $1 \
                     where user_id = $2 and is_active and id in (select value from json_each($3))",
                );
                execute!(&mut tx, sql, DbId(fact.id), DbId::from(user), DbIds(fact.supersedes.clone()));
            }
        }
        tx.commit().await?;
        Ok(filled)
    }
}
