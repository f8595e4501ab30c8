//! One claimed conversation: through the pipeline, and out of `processing` by exactly one statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::bill::Bill;
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::disposition::{Disposition, dispose};
use crate::core::stages::memory_update::MemoryFigures;
use crate::core::stages::{StageError, StageName};
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::domain::snapshot::Snapshot;
use crate::providers::call::Meter;
use crate::run::error::RunError;
use crate::run::pipeline::{StageResult, Workshop, walk};
use crate::run::spans;
use crate::store::claims::Outcome;
use crate::store::commit::Commit;
use crate::store::{Another, Store, StoreError};

/// How a conversation came out, in the words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Processed, every stage.
    Success,
    /// Processed, without the effects of a non-critical stage that failed.
    PartialSuccess,
    /// To be tried again.
    Retrying,
    /// Given up.
    Failed,
    /// Closed unread, because the game is over.
    Skipped,
    /// Given back with its attempt.
    Released,
}

/// Why a provider did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was unavailable.
    Unavailable,
    /// It has refused this conversation, and answers others.
    Refused,
}

/// A conversation's entry in the result.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Which one.
    pub conversation_id: ConversationId,
    /// How it came out.
    pub status: Status,
    /// From claim to commit.
    pub total_duration_ms: i64,
    /// Every stage that ran.
    pub stage_results: BTreeMap<StageName, StageResult>,
    /// What its model calls cost, in US dollars; none where a model has no price.
    pub cost_usd: Option<String>,
    /// Why it did not succeed, without any conversation text.
    pub error: Option<String>,
    /// The same with its tokens.
    #[serde(skip)]
    pub bill: Bill,
    /// The error that should stop the run.
    #[serde(skip)]
    pub stop: Option<RunError>,
    /// What kept a provider from answering, if that was why.
    #[serde(skip)]
    pub unanswered: Option<Unanswered>,
    /// What became of its facts.
    #[serde(flatten)]
    pub memory: MemoryFigures,
    /// Whether the claim was lost: nothing was written.
    #[serde(skip)]
    pub lost: bool,
    /// Whether it met a bug of ours.
    #[serde(skip)]
    pub bug: bool,
}

impl Entry {
    fn new(claim: &Claim, status: Status) -> Self {
        Self {
            conversation_id: claim.conversation,
            status,
            total_duration_ms: 0,
            stage_results: BTreeMap::new(),
            cost_usd: None,
            error: None,
            bill: Bill::default(),
            stop: None,
            unanswered: None,
            memory: MemoryFigures::default(),
            lost: false,
            bug: false,
        }
    }

    /// The same with what it cost.
    pub fn billed(self, bill: Bill) -> Self {
        Self { cost_usd: bill.unpriced.is_empty().then(|| bill.exact()), bill, ..self }
    }

    /// A conversation that was given up before it began.
    pub fn failed(claim: &Claim, error: String) -> Self {
        Self { error: Some(error), ..Self::new(claim, Status::Failed) }
    }

    /// A conversation that was given back.
    pub fn released(claim: &Claim, why: &str) -> Self {
        Self { error: Some(why.to_owned()), ..Self::new(claim, Status::Released) }
    }
}

/// Processes a claimed conversation.
pub async fn process(
    store: &Store,
    workshop: &Workshop,
    claim: Claim,
    snapshot: Arc<Snapshot>,
    meter: &Meter,
) -> Entry {
    let began = clock::start();
    let mut entry = if snapshot.player.game_status.is_over() {
        // Closed unread: a commit without any effect.
        let nothing = Commit { claim: &claim, now: snapshot.now, prompt_ms: 0.0, effects: &[] };
        settle(Entry::new(&claim, Status::Skipped), store.commit(&nothing).await)
    } else {
        through_the_pipeline(store, workshop, &claim, snapshot, meter).await
    };
    entry.total_duration_ms = clock::millis_since(began);
    if let Some(error) = &entry.error {
        let status = format!("{:?}", entry.status);
        tracing::warn!(conversation = %claim.conversation, attempt = claim.attempt, status, error, "conversation not processed");
    }
    spans::end_conversation(entry.status, entry.total_duration_ms, entry.error.is_none());
    entry
}

async fn through_the_pipeline(
    store: &Store,
    workshop: &Workshop,
    claim: &Claim,
    snapshot: Arc<Snapshot>,
    meter: &Meter,
) -> Entry {
    let now = snapshot.now;
    let walked = walk(workshop, claim, snapshot, meter).await;
    let mut entry = match &walked.outcome {
        Ok(effects) => {
            let prompt_ms = walked.stages.get(&StageName::PromptBuilder).map_or(0.0, |stage| stage.duration_ms);
            let committed = store.commit(&Commit { claim, now, prompt_ms, effects }).await;
            let status = if walked.is_partial() { Status::PartialSuccess } else { Status::Success };
            match committed {
                // What the database refuses about this conversation must not stop the others, nor be tried for ever.
                Err(error) if error.is_the_items(Another::None) => {
                    let error = StageError::Failed(format!("not committed: {error}"));
                    after_error(store, claim, &error, error.to_string()).await
                }
                // Nothing of it was kept; if the database still answers, the conversation need not wait for `recover`.
                Err(error) => give_back(store, claim, error).await,
                done => settle(Entry::new(claim, status), done),
            }
        }
        Err((stage, error)) => after_error(store, claim, error, format!("{stage}: {error}")).await,
    };
    entry.stage_results = walked.stages;
    entry.memory = walked.memory;
    entry
}

/// Does with a conversation what its error calls for; `text` is what is kept of the error.
async fn after_error(store: &Store, claim: &Claim, error: &StageError, text: String) -> Entry {
    let (outcome, status) = match dispose(claim, error) {
        Disposition::Retry(pause) => (Outcome::Retry { pause, error: text.clone() }, Status::Retrying),
        Disposition::Outage { pause, counts } => {
            (Outcome::Outage { pause, counts, error: text.clone() }, Status::Retrying)
        }
        Disposition::Refusal(pause) => (Outcome::Refusal { pause, error: text.clone() }, Status::Retrying),
        Disposition::Fail => (Outcome::Failed { error: text.clone() }, Status::Failed),
        Disposition::Release => (Outcome::Released, Status::Released),
    };
    let stop = match error {
        StageError::NoAnswer(NoAnswer::Configuration(why)) => Some(RunError::Configuration(why.clone())),
        StageError::NoAnswer(NoAnswer::Store(why)) => Some(StoreError::unavailable(why.clone()).into()),
        _ => None,
    };
    let refused = matches!(error, StageError::NoAnswer(NoAnswer::Refused(_) | NoAnswer::TurnedAway(_)));
    let outage = matches!(outcome, Outcome::Outage { .. }).then_some(Unanswered::Unavailable);
    let unanswered = if refused { Some(Unanswered::Refused) } else { outage };
    let entry = Entry { error: Some(text), unanswered, ..Entry::new(claim, status) };
    let mut entry = settle(entry, store.close_claim(claim, &outcome).await);
    entry.stop = entry.stop.or(stop);
    entry
}

/// Folds in whether the closing statement found the claim.
fn settle(mut entry: Entry, left: Result<bool, StoreError>) -> Entry {
    match left {
        Ok(true) => {}
        Ok(false) => {
            entry.status = Status::Released;
            entry.lost = true;
            entry.error =
                Some("the claim was lost: another run has recovered this conversation; nothing was written".to_owned());
        }
        Err(error) => {
            entry.status = Status::Released;
            entry.error = Some(format!("left in processing for `recover`: {error}"));
            entry.stop = Some(error.into());
        }
    }
    entry
}

async fn give_back(store: &Store, claim: &Claim, error: StoreError) -> Entry {
    let entry = Entry::released(claim, &format!("not committed: {error}"));
    let mut entry = settle(entry, store.close_claim(claim, &Outcome::Released).await);
    entry.stop = entry.stop.or(Some(error.into()));
    entry
}

/// Gives a conversation back whose pipeline panicked; the attempt counts, and the third one is the last.
pub async fn give_back_after_panic(store: &Store, claim: &Claim) -> Entry {
    let error = StageError::Failed("internal bug: the pipeline panicked".to_owned());
    let entry = after_error(store, claim, &error, error.to_string()).await;
    Entry { bug: true, ..entry }
}
