//! Backfill: facts that were stored while embeddings were unavailable get their vectors at the end of a later run (spec 04).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock;
use crate::core::ask::{Answer, DIMENSIONS, Embedded, MOST_TEXTS};
use crate::core::backfill::{Late as LateFact, decide};
use crate::core::stages::StageName;
use crate::domain::ids::UserId;
use crate::providers::call::{Call, Meter};
use crate::providers::remote::Remote;
use crate::run::context::PipelineContext;
use crate::run::lifecycle::Run;
use crate::store::backfill::BareFact;
use crate::store::{Result, Store};

/// The timeout of one batch (spec 05).
const BATCH_TIME: Duration = Duration::from_secs(30);
/// How much of a fact is embedded: well below the models' limit of 8,191 tokens in any language.
const MOST_CHARS: usize = 2_000;

/// The result of a backfill.
#[derive(Clone, Copy, Debug, Default)]
pub struct Late {
    /// How many facts got their vector.
    pub embedded: u64,
    /// How many facts have a text that the embedder rejects.
    pub set_aside: usize,
}

/// Embeds at most `most` facts, the oldest first. An error is only logged, and the next run tries again: facts that can't be searched yet are
/// no reason to fail.
pub async fn embed_late_facts(pipeline: &PipelineContext, run: &Run, most: usize, meter: &Meter) -> Late {
    let mut late = Late::default();
    if most == 0 || pipeline.providers.embeddings().is_some_and(Remote::is_open) {
        return late;
    }
    let store = &run.store;
    let facts = match store.facts_without_vector(run.now, most).await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::warn!(error = %error, "facts without a vector not read");
            return late;
        }
    };
    for batch in facts.chunks(MOST_TEXTS) {
        let texts: Vec<String> = batch.iter().map(|it| it.fact.chars().take(MOST_CHARS).collect()).collect();
        let call = Call { stage: StageName::MemoryUpdate, deadline: clock::start() + BATCH_TIME, meter };
        let asked = tokio::time::timeout_at(call.deadline.into(), pipeline.providers.embed(call, &texts)).await;
        let vectors = match asked {
            Ok(Ok(Answer::Vectors(vectors))) if fits(&vectors, texts.len()) => vectors,
            Ok(Ok(_)) => {
                tracing::warn!("embeddings of the wrong number or length, facts stay without a vector");
                break;
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "no embeddings, facts stay without a vector");
                break;
            }
            Err(_) => {
                tracing::warn!("no embeddings in time, facts stay without a vector");
                break;
            }
        };
        let aside: Vec<_> =
            batch.iter().zip(&vectors).filter(|(_, it)| **it == Embedded::SetAside).map(|(fact, _)| fact.id).collect();
        late.set_aside += aside.len();
        let stored = async {
            if !aside.is_empty() {
                store.set_aside_facts(&aside, run.now).await?;
            }
            store_late(pipeline, store, batch, vectors).await
        };
        match stored.await {
            Ok(stored) => late.embedded += stored,
            Err(error) => {
                tracing::warn!(error = %error, "late vectors not stored");
                break;
            }
        }
    }
    late
}

fn fits(vectors: &[Embedded], texts: usize) -> bool {
    let good = |it: &Embedded| match it {
        Embedded::Vector(vector) => vector.len() == DIMENSIONS && vector.iter().all(|it| it.is_finite()),
        Embedded::Waits | Embedded::SetAside => true,
    };
    vectors.len() == texts && vectors.iter().all(good)
}

/// Player by player, because a fact is compared with those of its player only.
async fn store_late(
    pipeline: &PipelineContext,
    store: &Store,
    batch: &[BareFact],
    vectors: Vec<Embedded>,
) -> Result<u64> {
    let least = pipeline.settings.duplicate_similarity;
    let mut players: BTreeMap<UserId, Vec<(&BareFact, Vec<f32>)>> = BTreeMap::new();
    let known = batch.iter().zip(vectors).filter_map(|(fact, it)| Some((fact, it.vector()?)));
    for (fact, vector) in known {
        players.entry(fact.user).or_default().push((fact, vector));
    }
    let mut stored = 0;
    for (user, facts) in players {
        let (facts, vectors): (Vec<_>, Vec<_>) = facts.into_iter().unzip();
        let similar = store.similar_facts(user, Vec::new(), &vectors, least).await?;
        let known: Vec<_> = similar.iter().flatten().copied().collect();
        let learned_at: BTreeMap<_, _> = store.learned_at(&known).await?.into_iter().collect();
        let late = facts.into_iter().zip(vectors).zip(similar).map(|((fact, vector), similar)| LateFact {
            id: fact.id,
            created_at: fact.created_at,
            vector,
            similar: similar.into_iter().filter_map(|id| Some((id, *learned_at.get(&id)?))).collect(),
        });
        stored += store.fill_vectors(user, &decide(late.collect(), least)).await?;
    }
    Ok(stored)
}
