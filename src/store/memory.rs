//! Similar facts: exact cosine over a player's active facts.
//!
//! What decides is always [`cosine`] on the stored numbers, which are the same `f32`s in every database; so the same facts in
//! the same order replace each other alike everywhere. pgvector's operator, where there is one, only spares the way to us of
//! vectors that are far off. It filters and does not sort, so that no approximate index can serve it and miss a fact.

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::codec::{DbId, DbIds, DbVector};
use super::session::{Tx, fetch_all, fetch_optional};
use super::{Result, Store};
use crate::core::ask::DIMENSIONS;
use crate::core::similarity::cosine;
use crate::domain::ids::UserId;

/// By how much pgvector's similarity, a sum of 1,536 `f32` products, may miss the exact one, with plenty to spare.
const SLACK: f64 = 0.001;

/// The query that uses pgvector's operator, found out by the first who asks; none where vectors are plain arrays or blobs.
pub(super) type Query = Arc<OnceCell<Option<String>>>;

impl Store {
    /// For each vector, the player's active facts whose cosine similarity to it is at least `least`, the most similar
    /// first; equally similar ones by id. One query, whatever the number of vectors.
    ///
    /// `own` are facts that will be taken back before the new ones come, with what they have replaced: empty but for a
    /// conversation that is processed anew.
    pub async fn similar_facts(
        &self,
        user: UserId,
        own: Vec<Uuid>,
        vectors: &[Vec<f32>],
        least: f64,
    ) -> Result<Vec<Vec<Uuid>>> {
        let query = self.memory.get_or_try_init(|| self.with_operator()).await?.clone();
        let mut tx = self.autocommit().await?;
        let facts = match query {
            Some(sql) if own.is_empty() => near(&mut tx, sql, user, vectors, least).await?,
            None if own.is_empty() => all(&mut tx, user).await?,
            _ => as_if_taken_back(&mut tx, user, own).await?,
        };
        tx.commit().await?;
        Ok(vectors.iter().map(|vector| most_similar(vector, &facts, least)).collect())
    }

    async fn with_operator(&self) -> Result<Option<String>> {
        let mut tx = self.autocommit().await?;
        let query = with_operator(&mut tx).await?;
        tx.commit().await?;
        Ok(query)
    }
}

/// The query of [`near`] for a column of pgvector's type; its schema need not be on the search path. A column without our
/// length may hold vectors that the operator refuses to compare.
async fn with_operator(tx: &mut Tx) -> Result<Option<String>> {
    if let Tx::Sqlite(_) = tx {
        return Ok(None);
    }
    let length = i32::try_from(DIMENSIONS).unwrap_or(i32::MAX);
    let schema: Option<(String,)> = fetch_optional!(
        tx,
        _,
        "select quote_ident(n.nspname) from pg_attribute a join pg_type t on t.oid = a.atttypid \
             join pg_namespace n on n.oid = t.typnamespace \
         where a.attrelid = to_regclass('memory_facts') and a.attname = 'embedding' and t.typname = 'vector' \
             and a.atttypmod = $1",
        length
    );
    Ok(schema.map(|(schema,)| {
        format!(
            "with asked as materialized (select text::{schema}.vector as vector from unnest($2::text[]) text) \
             select f.id, f.embedding::real[] from memory_facts f \
             where f.user_id = $1 and f.is_active and f.embedding is not null \
                 and exists (select from asked where f.embedding operator({schema}.<=>) asked.vector <= $3)"
        )
    }))
}

type Facts = Vec<(DbId, DbVector)>;

async fn near(tx: &mut Tx, sql: String, user: UserId, vectors: &[Vec<f32>], least: f64) -> Result<Facts> {
    let Tx::Pg(conn) = tx else { return Ok(Facts::new()) };
    // Rust writes the shortest decimal that reads back as the same number.
    let asked: Vec<String> = vectors.iter().map(|vector| format!("{vector:?}")).collect();
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(DbId::from(user)).bind(asked).bind(1.0 - least + SLACK);
    Ok(query.persistent(conn.keeps_statements()).fetch_all(conn.connection()).await?)
}

async fn all(tx: &mut Tx, user: UserId) -> Result<Facts> {
    let sql = tx.pick(
        // The cast turns pgvector's `vector` into the array that a plain `real[]` column already is.
        "select id, embedding::real[] from memory_facts where user_id = $1 and is_active and embedding is not null",
        "select id, embedding from memory_facts where user_id = $1 and is_active and embedding is not null",
    );
    Ok(fetch_all!(tx, _, sql, DbId::from(user)))
}

/// The facts that will be active once `own` are taken back. A person waits for this one, and no index is made for it.
async fn as_if_taken_back(tx: &mut Tx, user: UserId, own: Vec<Uuid>) -> Result<Facts> {
    let sql = tx.pick(
        "select id, embedding::real[] from memory_facts where user_id = $1 and embedding is not null \
             and (is_active or superseded_by = any($2)) and not (id = any($2))",
        "select id, embedding from memory_facts where user_id = $1 and embedding is not null \
             and (is_active or superseded_by in (select value from json_each($2))) and id not in (select value from json_each($2))",
    );
    Ok(fetch_all!(tx, _, sql, DbId::from(user), DbIds(own)))
}

fn most_similar(vector: &[f32], facts: &[(DbId, DbVector)], least: f64) -> Vec<Uuid> {
    let mut near: Vec<_> = facts
        .iter()
        .map(|(id, fact)| (cosine(vector, &fact.0), id.0))
        .filter(|(similarity, _)| *similarity >= least)
        .collect();
    near.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
    near.into_iter().map(|(_, id)| id).collect()
}
