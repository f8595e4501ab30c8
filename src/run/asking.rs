//! Answers a stage's questions: from a memo (a cached answer), from a provider, or from the store.
//!
//! ```text
//!   question ──▶ memo? ──yes──▶ the memo's answer
//!                   │ no
//!                   ▼
//!                provider ──▶ answer ──▶ the stage accepts it ──▶ memo
//! ```
//!
//! A memo is written only after the stage has accepted the answer, so that a retry never gets an unusable one. Local models
//! are free and get no memos.

use futures_util::future::join_all;

use super::context::PipelineContext;
use crate::core::ask::{Answer, Ask, Fault, NoAnswer};
use crate::core::memo;
use crate::core::stages::StageName;
use crate::domain::conversation::Claim;
use crate::providers::call::Call;

/// A paid answer that is still to be saved.
pub(super) struct Memo {
    input_hash: String,
    answer: String,
}

/// Answers a stage's questions concurrently. Returns the answers in the order of the questions, and the memos to save.
pub(super) async fn answer_all(
    pipeline: &PipelineContext,
    claim: &Claim,
    call: Call<'_>,
    asks: &[Ask],
) -> (Vec<Result<Answer, NoAnswer>>, Vec<Memo>) {
    let answers = join_all(asks.iter().map(|ask| answer(pipeline, claim, call, ask))).await;
    let mut memos = Vec::new();
    let answers = answers.into_iter().map(|answer| {
        answer.map(|(answer, memo)| {
            memos.extend(memo);
            answer
        })
    });
    (answers.collect(), memos)
}

/// Saves paid answers. A failure is only logged: a retry then pays again.
pub(super) async fn remember(pipeline: &PipelineContext, claim: &Claim, stage: StageName, memos: Vec<Memo>) {
    for memo in memos {
        match pipeline.store.keep_memo(claim, stage, &memo.input_hash, &memo.answer).await {
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error, stage = stage.as_str(), "paid answer not saved"),
        }
    }
}

async fn answer(
    pipeline: &PipelineContext,
    claim: &Claim,
    call: Call<'_>,
    ask: &Ask,
) -> Result<(Answer, Option<Memo>), NoAnswer> {
    let remote = match ask {
        Ask::Model(_) => pipeline.providers.language_model(),
        Ask::Embed(_) => pipeline.providers.embeddings(),
        Ask::Similar { .. } => None,
    };
    let Some(input_hash) = remote.and_then(|remote| memo::input_hash(&remote.model, ask)) else {
        return Ok((put(pipeline, claim, call, ask).await?, None));
    };
    let known = pipeline.store.memo(claim, call.stage, &input_hash).await;
    let known = known.map_err(|error| NoAnswer::Store(Fault::new(error)))?;
    if let Some(answer) = known.as_deref().and_then(memo::read) {
        return Ok((answer, None));
    }
    let answer = put(pipeline, claim, call, ask).await?;
    let memo = memo::write(&answer).map(|answer| Memo { input_hash, answer });
    Ok((answer, memo))
}

async fn put(pipeline: &PipelineContext, claim: &Claim, call: Call<'_>, ask: &Ask) -> Result<Answer, NoAnswer> {
    match ask {
        Ask::Model(ask) => pipeline.providers.ask(call, ask).await,
        Ask::Embed(texts) => pipeline.providers.embed(call, texts).await,
        Ask::Similar { vectors, least, own } => {
            let similar = pipeline.store.similar_facts(claim.user, own.clone(), vectors, *least).await;
            similar.map(Answer::Similar).map_err(|error| NoAnswer::Store(Fault::new(error)))
        }
    }
}
