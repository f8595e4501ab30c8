//! Facts without a vector: finds them, and stores their vectors later (spec 04).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use super::codec::{DbId, DbIds, DbTime, DbVector};
use super::read::{Oddities, Read, row};
use super::retry::retrying;
use super::session::{execute, fetch_all};
use super::{Result, Store, sql};
use crate::core::backfill::Filled;
use crate::domain::ids::UserId;

/// An active fact that waits for its vector.
#[derive(Clone, Debug)]
pub struct BareFact {
    /// Its primary key.
    pub id: Uuid,
    /// The player.
    pub user: UserId,
    /// The sentence.
    pub fact: String,
    /// When it was learned.
    pub created_at: DateTime<Utc>,
}

row! {
    struct BareRow {
        id: Read<DbId>,
        user_id: Read<DbId>,
        fact: Read<String>,
        created_at: Read<DbTime>,
    }
}

impl BareRow {
    fn fact(self, odd: &mut Oddities) -> Option<BareFact> {
        Some(BareFact {
            id: odd.need("memory_facts.id", self.id)?.0,
            user: UserId(odd.need("memory_facts.user_id", self.user_id)?.0),
            fact: odd.need("memory_facts.fact", self.fact)?,
            // A fact of unknown age counts as the oldest.
            created_at: odd.need("memory_facts.created_at", self.created_at).map_or(DateTime::UNIX_EPOCH, |at| at.0),
        })
    }
}

/// A time in the format of `memory_facts.metadata`.
fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Store {
    /// The oldest active facts without a vector, at most `most`. Leaves out blank facts, which no provider embeds, and facts that were
    /// set aside within the day before `now`.
    pub async fn facts_without_vector(&self, now: DateTime<Utc>, most: usize) -> Result<Vec<BareFact>> {
        let before = stamp(now.checked_sub_signed(TimeDelta::days(1)).unwrap_or(now));
        let mut tx = self.begin_read().await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<BareRow> = fetch_all!(&mut tx, _, sql::FACTS_WITHOUT_VECTOR, before, most);
        tx.rollback().await?;
        let mut odd = Oddities::default();
        let facts = rows.into_iter().filter_map(|row| row.fact(&mut odd)).collect();
        odd.tell();
        Ok(facts)
    }

    /// Marks facts whose texts the embedder rejects. They are retried after a day.
    pub async fn set_aside_facts(&self, facts: &[Uuid], now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin_write().await?;
        execute!(&mut tx, sql::SET_ASIDE_FACTS, DbIds(facts.to_vec()), stamp(now));
        tx.commit().await?;
        Ok(())
    }

    /// When these facts were learned.
    pub async fn learned_at(&self, facts: &[Uuid]) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            "select id, created_at from memory_facts where id = any($1) and created_at is not null",
            "select id, created_at from memory_facts where id in (select value from json_each($1)) \
             and created_at is not null",
        );
        let rows: Vec<(Read<DbId>, Read<DbTime>)> = fetch_all!(&mut tx, _, sql, DbIds(facts.to_vec()));
        tx.rollback().await?;
        Ok(rows.into_iter().filter_map(|(id, at)| Some((id.ok()?.0, at.ok()?.0))).collect())
    }

    /// Stores vectors of one player's facts, and which facts replace which, in one transaction. Skips a fact that has been given its vector
    /// or been replaced meanwhile, and one whose successor has been replaced. Returns how many were stored.
    pub async fn fill_vectors(&self, user: UserId, facts: &[Filled]) -> Result<u64> {
        retrying(|| self.try_fill_vectors(user, facts)).await
    }

    async fn try_fill_vectors(&self, user: UserId, facts: &[Filled]) -> Result<u64> {
        let mut tx = self.begin_write().await?;
        let mut filled = 0;
        // Facts that stay active come first, so that their predecessors find them active.
        let (stay, go): (Vec<_>, Vec<_>) = facts.iter().partition(|fact| fact.superseded_by.is_none());
        for fact in stay.into_iter().chain(go) {
            let ours = execute!(
                &mut tx,
                sql::FILL_VECTOR,
                DbId(fact.id),
                DbId::from(user),
                DbVector(fact.vector.clone()),
                fact.superseded_by.is_none(),
                fact.superseded_by.map(DbId)
            );
            filled += ours;
            if ours == 1 && !fact.supersedes.is_empty() {
                execute!(
                    &mut tx,
                    sql::SUPERSEDE_FACTS,
                    DbId(fact.id),
                    DbId::from(user),
                    DbIds(fact.supersedes.clone())
                );
            }
        }
        tx.commit().await?;
        Ok(filled)
    }
}
