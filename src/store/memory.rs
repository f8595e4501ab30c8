//! Similar facts: exact cosine over a player's active facts.
//!
//! The decision is always made by [`cosine`] on the stored numbers, which are the same `f32`s in every database, so that the same facts
//! replace each other everywhere. pgvector's operator, if available, only keeps distant vectors from being transferred. It filters
//! and does not sort, so that no approximate index can serve it and miss a fact.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::codec::{DbId, DbIds, DbVector};
use super::read::{Oddities, Read, row};
use super::session::{Tx, fetch_all, fetch_optional};
use super::{Result, Store, sql};
use crate::core::ask::DIMENSIONS;
use crate::core::similarity::cosine;
use crate::domain::ids::UserId;

/// A generous bound for the difference between pgvector's similarity, a sum of 1,536 `f32` products, and the exact one.
const SLACK: f64 = 0.001;

impl Store {
    /// For each vector, the player's active facts whose cosine similarity to it is at least `least`, the most similar
    /// first; equally similar ones by id. One query, whatever the number of vectors.
    ///
    /// `own` are facts that will be taken back before the new ones are stored, with what they replaced. It is empty unless the conversation
    /// is processed again.
    pub async fn similar_facts(
        &self,
        user: UserId,
        own: Vec<Uuid>,
        vectors: &[Vec<f32>],
        least: f64,
    ) -> Result<Vec<Vec<Uuid>>> {
        let query = self.found.near_facts.get_or_try_init(|| self.with_operator()).await?.clone();
        let mut tx = self.autocommit().await?;
        let rows: Vec<FactVector> = match query {
            Some(text) if own.is_empty() => near(&mut tx, text, user, vectors, least).await?,
            None if own.is_empty() => fetch_all!(&mut tx, _, sql::FACTS_WITH_VECTOR, DbId::from(user)),
            // Only for a conversation that an operator has processed again, so there is no index for it.
            _ => fetch_all!(&mut tx, _, sql::FACTS_IF_TAKEN_BACK, DbId::from(user), DbIds(own)),
        };
        tx.commit().await?;
        let mut odd = Oddities::default();
        let mut read = |row: FactVector| {
            let id = odd.need("memory_facts.id", row.id)?;
            Some((id.0, odd.need("memory_facts.embedding", row.embedding)?.0))
        };
        let facts: Vec<_> = rows.into_iter().filter_map(&mut read).collect();
        odd.tell();
        Ok(vectors.iter().map(|vector| most_similar(vector, &facts, least)).collect())
    }

    async fn with_operator(&self) -> Result<Option<String>> {
        let mut tx = self.autocommit().await?;
        let query = with_operator(&mut tx).await?;
        tx.commit().await?;
        Ok(query)
    }
}

/// The query of [`near`] for a column of pgvector's type, qualified with its schema, which need not be on the search path. None for a
/// column without our length, which can hold vectors that the operator refuses to compare.
async fn with_operator(tx: &mut Tx) -> Result<Option<String>> {
    if let Tx::Sqlite(_) = tx {
        return Ok(None);
    }
    let length = i32::try_from(DIMENSIONS).unwrap_or(i32::MAX);
    let schema: Option<(String,)> = fetch_optional!(tx, _, sql::postgres::VECTOR_TYPE, length);
    Ok(schema.map(|(schema,)| sql::postgres::NEAR_FACTS.replace("public.", &format!("{schema}."))))
}

row! {
    struct FactVector {
        id: Read<DbId>,
        embedding: Read<DbVector>,
    }
}

async fn near(tx: &mut Tx, text: String, user: UserId, vectors: &[Vec<f32>], least: f64) -> Result<Vec<FactVector>> {
    let Tx::Pg(conn) = tx else { return Ok(Vec::new()) };
    // Rust formats a float as the shortest decimal that parses back to the same number.
    let asked: Vec<String> = vectors.iter().map(|vector| format!("{vector:?}")).collect();
    let query = sqlx::query_as(AssertSqlSafe(text)).bind(DbId::from(user)).bind(asked).bind(1.0 - least + SLACK);
    let query = query.persistent(conn.keeps_statements());
    let answer = conn.within().wait(query.fetch_all(conn.connection()?)).await;
    conn.checked(answer)
}

fn most_similar(vector: &[f32], facts: &[(Uuid, Vec<f32>)], least: f64) -> Vec<Uuid> {
    let near = facts.iter().map(|(id, fact)| (cosine(vector, fact), *id));
    let mut near: Vec<_> = near.filter(|(similarity, _)| *similarity >= least).collect();
    near.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
    near.into_iter().map(|(_, id)| id).collect()
}
