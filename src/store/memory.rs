//! Similar facts: exact cosine over a player's active facts.

use uuid::Uuid;

use super::codec::{DbId, DbVector};
use super::session::fetch_all;
use super::{Result, Store};
use crate::core::similarity::cosine;
use crate::domain::ids::UserId;

impl Store {
    /// For each vector, the player's active facts whose cosine similarity to it is at least `least`, the most similar
    /// first; equally similar ones by id. One query, whatever the number of vectors.
    pub async fn similar_facts(&self, user: UserId, vectors: &[Vec<f32>], least: f64) -> Result<Vec<Vec<Uuid>>> {
        let mut tx = self.begin_reading().await?;
        // The cast turns pgvector's `vector` into the array that a plain `real[]` column already is.
        let sql = tx.pick(
            "select id, embedding::real[] from memory_facts where user_id = $1 and is_active and embedding is not null",
            "select id, embedding from memory_facts where user_id = $1 and is_active and embedding is not null",
        );
        let facts: Vec<(DbId, DbVector)> = fetch_all!(&mut tx, _, sql, DbId::from(user));
        tx.rollback().await?;
        Ok(vectors.iter().map(|vector| most_similar(vector, &facts, least)).collect())
    }
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
