//! One claimed conversation: through the pipeline, and out of `processing` by exactly one statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::bill::Bill;
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::disposition::{Disposition, dispose};
use crate::core::stages::{StageError, StageName};
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::domain::snapshot::Snapshot;
use crate::providers::call::Meter;
use crate::run::error::RunError;
use crate::run::pipeline::{StageResult, Workshop, walk};
use crate::run::spans;
use crate::store::claims::{Fate, Outcome};
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
    /// Nobody knows what became of it: an answer was lost, and the row does not tell.
    Unknown,
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
    /// Whether a provider was unavailable.
    #[serde(skip)]
    pub outage: bool,
    /// Whether the claim was lost: nothing was written.
    #[serde(skip)]
    pub lost: bool,
    /// Whether it met a bug of ours.
    #[serde(skip)]
    pub bug: bool,
}

impl Entry {
    fn new(claim: &Claim, status: Status) -> Self {
        Self::of(claim.conversation, status)
    }

    fn of(conversation_id: ConversationId, status: Status) -> Self {
        Self {
            conversation_id,
            status,
            total_duration_ms: 0,
            stage_results: BTreeMap::new(),
            cost_usd: None,
            error: None,
            bill: Bill::default(),
            stop: None,
            outage: false,
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

    /// A conversation that was processed, as its row says; the answer was lost.
    pub fn committed(claim: &Claim) -> Self {
        Self::new(claim, Status::Success)
    }

    /// A conversation of which nobody knows what became of it.
    pub fn unknown(claim: &Claim, why: &str) -> Self {
        let error = format!("it is unknown whether this was committed: {why}");
        Self { error: Some(error), ..Self::new(claim, Status::Unknown) }
    }

    /// A conversation that was claimed, and given back before it was begun.
    pub fn never_begun(conversation: ConversationId) -> Self {
        let error = Some("given back with its attempt before it was begun".to_owned());
        Self { error, ..Self::of(conversation, Status::Released) }
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
        committed(store, Entry::new(&claim, Status::Skipped), &nothing).await
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
            let status = if walked.is_partial() { Status::PartialSuccess } else { Status::Success };
            committed(store, Entry::new(claim, status), &Commit { claim, now, prompt_ms, effects }).await
        }
        Err((stage, error)) => after_error(store, claim, error, format!("{stage}: {error}")).await,
    };
    entry.stage_results = walked.stages;
    entry
}

/// Commits, and finds out what became of it where the answer is lost.
async fn committed(store: &Store, entry: Entry, commit: &Commit<'_>) -> Entry {
    let claim = commit.claim;
    match store.commit(commit).await {
        Err(error) if error.is_unsure() => match store.learn_fate(claim).await {
            Ok(Fate::Committed) => entry,
            Ok(Fate::GivenBack) => {
                let entry = Entry::released(claim, &format!("not committed: {}", error.message()));
                Entry { stop: Some(error.into()), ..entry }
            }
            Ok(Fate::Unknown) => unknown(claim, error),
            Err(second) => unknown(claim, second),
        },
        // What the database refuses about this conversation must not stop the others, nor be tried for ever.
        Err(error) if error.is_the_items(Another::None) => {
            let error = StageError::Failed(format!("not committed: {error}"));
            after_error(store, claim, &error, error.to_string()).await
        }
        // Nothing of it was kept; if the database still answers, the conversation need not wait for `recover`.
        Err(error) => give_back(store, claim, error).await,
        done => settle(entry, claim, done),
    }
}

fn unknown(claim: &Claim, error: StoreError) -> Entry {
    Entry { stop: Some(error.into()), ..Entry::unknown(claim, "the answer was lost") }
}

/// Does with a conversation what its error calls for; `text` is what is kept of the error.
async fn after_error(store: &Store, claim: &Claim, error: &StageError, text: String) -> Entry {
    let (outcome, status) = match dispose(claim, error) {
        Disposition::Retry(pause) => (Outcome::Retry { pause, error: text.clone() }, Status::Retrying),
        Disposition::Outage { pause, counts } => {
            (Outcome::Outage { pause, counts, error: text.clone() }, Status::Retrying)
        }
        Disposition::Fail => (Outcome::Failed { error: text.clone() }, Status::Failed),
        Disposition::Release => (Outcome::Released, Status::Released),
    };
    let stop = match error {
        StageError::NoAnswer(NoAnswer::Configuration(why)) => Some(RunError::Configuration(why.clone())),
        StageError::NoAnswer(NoAnswer::Store(why)) => Some(StoreError::unavailable(why.clone()).into()),
        _ => None,
    };
    let outage = matches!(outcome, Outcome::Outage { .. });
    let entry = Entry { error: Some(text), outage, ..Entry::new(claim, status) };
    let mut entry = settle(entry, claim, store.close_claim(claim, &outcome).await);
    entry.stop = entry.stop.or(stop);
    entry
}

/// Folds in whether the closing statement found the claim.
fn settle(mut entry: Entry, claim: &Claim, left: Result<bool, StoreError>) -> Entry {
    match left {
        Ok(true) => {}
        Ok(false) => {
            entry.status = Status::Released;
            entry.lost = true;
            entry.error =
                Some("the claim was lost: another run has recovered this conversation; nothing was written".to_owned());
        }
        Err(error) if error.is_unsure() => return unknown(claim, error),
        Err(error) => {
            entry.status = Status::Released;
            entry.error = Some(format!("left in processing for `recover`: {error}"));
            entry.stop = Some(error.into());
        }
    }
    entry
}

/// The database's trouble costs no attempt, ten times; then it does, or a conversation that brings it about would stop every run.
async fn give_back(store: &Store, claim: &Claim, error: StoreError) -> Entry {
    let trouble = StageError::NoAnswer(NoAnswer::Unavailable(error.message().to_owned()));
    let mut entry = after_error(store, claim, &trouble, format!("not committed: {error}")).await;
    entry.stop = entry.stop.or(Some(error.into()));
    entry
}

/// Gives a conversation back whose pipeline panicked; the attempt counts, and the third one is the last.
pub async fn give_back_after_panic(store: &Store, claim: &Claim) -> Entry {
    let error = StageError::Failed("internal bug: the pipeline panicked".to_owned());
    let entry = after_error(store, claim, &error, error.to_string()).await;
    Entry { bug: true, ..entry }
}
