//! `memory_update`: embeds the new facts and replaces near-duplicates.
//!
//! Three steps: embed every text; search the player's active facts that are similar to each vector; decide which facts are
//! replaced, one new fact after the other, so that the last of several near-duplicates stays.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::extraction;
use super::outputs::{ExtractedFact, MemoryUpdate, Output};
use super::step::{Context, StageError, Step};
use crate::core::ask::{Answer, Ask, DIMENSIONS, Embedded, MOST_TEXTS, NoAnswer};
use crate::core::similarity::cosine;
use crate::domain::effect::{Effect, NewFact};
use crate::domain::ids::ConversationId;
use crate::domain::result::MemoryFigures;

/// `memory_facts.confidence` of a fact whose quote is in the transcript, and of one whose quote is not (spec 04).
const CONFIDENCE: [f64; 2] = [0.85, 0.4];

/// The source of the facts.
#[derive(Clone)]
struct Source {
    conversation: ConversationId,
    model: String,
    now: DateTime<Utc>,
}

/// Begins the stage. Of facts that differ only in case and white space, the first stays. Without an extraction there are no facts.
///
/// # Errors
/// [`StageError::NoAnswer`] if the embeddings are invalid, declined or misconfigured, or if similar facts can't be read.
/// Unavailable, refused or missing embeddings are no error: the fact is stored without one (spec 04), and replaces no other.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let extraction = context.findings.extraction.as_ref();
    let conversation = context.snapshot.conversation.id;
    let model = extraction.map(|it| it.model.clone()).unwrap_or_default();
    let source = Source { conversation, model, now: context.snapshot.now };
    let own = match context.snapshot.conversation.earlier {
        Some(_) => conversation.all_of("memory_facts"),
        None => vec![],
    };
    let least = context.settings.duplicate_similarity;
    let mut facts = distinct(extraction.map(|it| it.facts.as_slice()).unwrap_or_default());
    let unsupported_facts = facts.iter().filter(|fact| fact.message.is_none()).count();
    // Counted before unsupported facts are dropped, so that the share of unsupported facts is the same either way.
    let figures = MemoryFigures { facts: facts.len(), unsupported_facts, texts_set_aside: 0 };
    if context.settings.drop_unsupported {
        facts.retain(|fact| fact.message.is_some());
    }
    if facts.is_empty() {
        return Ok(Step::done(Output::MemoryUpdate(MemoryUpdate { figures, ..MemoryUpdate::default() }), vec![]));
    }
    let texts: Vec<String> = facts.iter().map(|fact| fact.fact.clone()).collect();
    let asks = texts.chunks(MOST_TEXTS).map(|batch| Ask::Embed(batch.to_vec())).collect();
    Ok(Step::Ask(
        asks,
        Box::new(move |answers| {
            let vectors = read_vectors(facts.len(), answers)?;
            Ok(compare(source, own, least, facts, vectors, figures))
        }),
    ))
}

fn distinct(facts: &[ExtractedFact]) -> Vec<ExtractedFact> {
    let mut seen = HashSet::new();
    let is_new = |fact: &&ExtractedFact| {
        let words: Vec<&str> = fact.fact.split_whitespace().collect();
        seen.insert(words.join(" ").to_lowercase())
    };
    facts.iter().filter(is_new).cloned().collect()
}

/// The outcome of each of `count` texts, from the answers to their batches.
fn read_vectors(count: usize, answers: Vec<Result<Answer, NoAnswer>>) -> Result<Vec<Embedded>, NoAnswer> {
    let mut vectors = Vec::with_capacity(count);
    for answer in answers {
        let asked = MOST_TEXTS.min(count - vectors.len());
        match answer {
            Ok(Answer::Vectors(batch)) => {
                check(&batch, asked)?;
                vectors.extend(batch);
            }
            Ok(_) => return Err(NoAnswer::InvalidReply("the reply to an embedding call is no list of vectors".into())),
            Err(
                NoAnswer::Unavailable(_)
                | NoAnswer::CircuitOpen(_)
                | NoAnswer::NotOffered
                | NoAnswer::Refused(_)
                | NoAnswer::TurnedAway(_),
            ) => vectors.extend((0..asked).map(|_| Embedded::Waits)),
            Err(error) => return Err(error),
        }
    }
    if vectors.len() < count {
        return Err(NoAnswer::InvalidReply(format!("{} of {count} texts have an answer", vectors.len())));
    }
    Ok(vectors)
}

/// A missing, short or non-finite vector is a failure, never a truncated row (spec 05).
fn check(vectors: &[Embedded], asked: usize) -> Result<(), NoAnswer> {
    if vectors.len() != asked {
        return Err(NoAnswer::InvalidReply(format!("{} vectors for {asked} texts", vectors.len())));
    }
    for (index, vector) in vectors.iter().enumerate() {
        let Embedded::Vector(vector) = vector else { continue };
        if vector.len() != DIMENSIONS {
            let length = vector.len();
            return Err(NoAnswer::InvalidReply(format!("vectors[{index}] has {length} numbers, not {DIMENSIONS}")));
        }
        if !vector.iter().all(|number| number.is_finite()) {
            return Err(NoAnswer::InvalidReply(format!("vectors[{index}] holds a number that is not finite")));
        }
    }
    Ok(())
}

fn compare(
    source: Source,
    own: Vec<Uuid>,
    least: f64,
    facts: Vec<ExtractedFact>,
    vectors: Vec<Embedded>,
    figures: MemoryFigures,
) -> Step {
    let known: Vec<Vec<f32>> = vectors.iter().filter_map(|it| it.clone().vector()).collect();
    if known.is_empty() {
        let none = vec![vec![]; facts.len()];
        return decide(&source, least, facts, vectors, none, figures);
    }
    let asked = known.len();
    Step::ask_one(Ask::Similar { vectors: known, least, own }, move |answer| {
        let mut similar = match answer? {
            Answer::Similar(similar) if similar.len() == asked => similar.into_iter(),
            _ => return Err(StageError::Failed(format!("no list of similar facts for each of {asked} vectors"))),
        };
        // Only facts with a vector have a list of similar ones.
        let has = |vector: &Embedded| matches!(vector, Embedded::Vector(_));
        let to_each = vectors.iter().map(|vector| if has(vector) { similar.next() } else { None }.unwrap_or_default());
        let to_each = to_each.collect();
        Ok(decide(&source, least, facts, vectors, to_each, figures))
    })
}

/// Replaces older facts, one new fact after the other. An old fact is replaced by the first new one that is similar.
fn decide(
    source: &Source,
    least: f64,
    facts: Vec<ExtractedFact>,
    vectors: Vec<Embedded>,
    similar: Vec<Vec<Uuid>>,
    figures: MemoryFigures,
) -> Step {
    let texts_set_aside = vectors.iter().filter(|it| **it == Embedded::SetAside).count();
    let figures = MemoryFigures { texts_set_aside, ..figures };
    let mut taken = BTreeSet::new();
    let mut decided: Vec<NewFact> = Vec::with_capacity(facts.len());
    for (index, ((fact, embedded), similar)) in facts.into_iter().zip(vectors).zip(similar).enumerate() {
        let id = source.conversation.derive("memory_facts", index);
        let metadata = provenance(source, &fact, embedded == Embedded::SetAside);
        let embedding = embedded.vector();
        let supersedes: Vec<Uuid> = similar.into_iter().filter(|old| taken.insert(*old)).collect();
        for earlier in decided.iter_mut().filter(|earlier| earlier.superseded_by.is_none()) {
            let alike = earlier.embedding.as_ref().zip(embedding.as_ref()).is_some_and(|(a, b)| cosine(a, b) >= least);
            earlier.superseded_by = alike.then_some(id);
        }
        let confidence = CONFIDENCE[usize::from(fact.message.is_none())];
        let ExtractedFact { fact, graph_type, .. } = fact;
        decided.push(NewFact {
            id,
            graph_type,
            fact,
            confidence,
            metadata,
            embedding,
            supersedes,
            superseded_by: None,
        });
    }
    let active = decided.iter().filter(|fact| fact.superseded_by.is_none());
    let update = MemoryUpdate {
        learned: active.map(|fact| fact.fact.clone()).collect(),
        superseded: taken,
        without_vector: decided.iter().filter(|fact| fact.embedding.is_none()).count(),
        figures,
    };
    // The last one first: `superseded_by` is a foreign key, so the referenced row must already exist.
    let effects = decided.into_iter().rev().map(Effect::RememberFact).collect();
    Step::done(Output::MemoryUpdate(update), effects)
}

/// A fact's provenance for `memory_facts.metadata`.
fn provenance(source: &Source, fact: &ExtractedFact, set_aside: bool) -> Value {
    let mut metadata = json!({"model": source.model, "instructions": extraction::instructions_hash()});
    match fact.message {
        Some(message) => {
            metadata["message"] = json!(message);
            metadata["quote"] = json!(fact.quote);
        }
        None => metadata["supported"] = json!(false),
    }
    if set_aside {
        metadata["set_aside_at"] = json!(source.now.to_rfc3339_opts(SecondsFormat::Micros, true));
    }
    metadata
}

#[cfg(test)]
mod tests;
