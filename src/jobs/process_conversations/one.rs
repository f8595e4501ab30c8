//! One claimed conversation: runs the pipeline and takes it out of `processing` with exactly one statement.

use std::sync::Arc;

use serde_json::json;
use std::collections::BTreeMap;

use super::bill::Bill;
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::disposition::{Disposition, dispose};
use crate::core::stages::StageName;
use crate::core::stages::step::StageError;
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::domain::result::{ConversationEntry, EntryStatus, StageResult};
use crate::domain::snapshot::Snapshot;
use crate::providers::call::Meter;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::pipeline::walk;
use crate::run::progress::Progress;
use crate::run::spans;
use crate::store::claims::{Fate, Outcome};
use crate::store::commit::Commit;
use crate::store::{Another, Store, StoreError};

/// Why a provider did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was unavailable.
    Unavailable,
    /// It refused this conversation, but answers others.
    Refused,
}

/// A conversation's entry in the result, with what the run needs besides it.
#[derive(Debug)]
pub struct Entry {
    /// The entry in the result.
    pub shown: ConversationEntry,
    /// The tokens and cost of its model calls.
    pub bill: Bill,
    /// The error that should stop the run.
    pub stop: Option<RunError>,
    /// Why a provider did not answer, if that was the cause.
    pub unanswered: Option<Unanswered>,
    /// Whether the claim was lost, so that nothing was written.
    pub lost: bool,
    /// Whether it met a bug of ours.
    pub bug: bool,
    /// Why it was not committed, if only another conversation can show whether the server is the cause. It is still claimed.
    pub unclear: Option<StoreError>,
}

impl Entry {
    fn new(claim: &Claim, status: EntryStatus) -> Self {
        Self::of(claim.conversation, status)
    }

    fn of(conversation: ConversationId, status: EntryStatus) -> Self {
        Self {
            shown: ConversationEntry::new(conversation, status),
            bill: Bill::default(),
            stop: None,
            unanswered: None,
            lost: false,
            bug: false,
            unclear: None,
        }
    }

    /// Adds the cost.
    pub fn billed(mut self, bill: Bill) -> Self {
        self.shown.cost_usd = bill.unpriced.is_empty().then(|| bill.exact());
        Self { bill, ..self }
    }

    fn because(mut self, error: String) -> Self {
        self.shown.error = Some(error);
        self
    }

    /// Adds the reason as a keyword.
    const fn for_reason(mut self, reason: &'static str) -> Self {
        self.shown.reason = Some(reason);
        self
    }

    /// Whether its effects are in the database.
    pub const fn is_committed(&self) -> bool {
        matches!(self.shown.status, EntryStatus::Success | EntryStatus::PartialSuccess | EntryStatus::Skipped)
    }

    /// A conversation that failed before its pipeline began.
    pub fn failed(claim: &Claim, error: String) -> Self {
        Self::new(claim, EntryStatus::Failed).because(error).for_reason("gone")
    }

    /// A conversation whose commit's response was lost, and whose row shows that it was committed.
    pub fn committed(claim: &Claim) -> Self {
        Self::new(claim, EntryStatus::Success)
    }

    /// A conversation whose fate is unknown.
    pub fn unknown(claim: &Claim, why: &str) -> Self {
        let error = format!("it is unknown whether this was committed: {why}");
        Self::new(claim, EntryStatus::Unknown).because(error).for_reason("unknown")
    }

    /// A conversation that was released before its pipeline began.
    pub fn never_begun(conversation: ConversationId) -> Self {
        let why = "given back with its attempt before it was begun".to_owned();
        Self::of(conversation, EntryStatus::Released).because(why).for_reason("released")
    }

    /// A conversation that was released.
    pub fn released(claim: &Claim, why: &str) -> Self {
        Self::new(claim, EntryStatus::Released).because(why.to_owned()).for_reason("released")
    }
}

/// Why a stage failed, as a keyword.
const fn reason(error: &StageError) -> &'static str {
    match error {
        StageError::InvalidTranscript(_) => "invalid_transcript",
        StageError::TimedOut(_) => "timed_out",
        StageError::NoAnswer(NoAnswer::Unavailable(_) | NoAnswer::CircuitOpen(_)) => "provider_unavailable",
        StageError::NoAnswer(NoAnswer::InvalidReply(_)) => "invalid_reply",
        StageError::NoAnswer(NoAnswer::Configuration(_)) => "configuration",
        StageError::NoAnswer(NoAnswer::Declined(_) | NoAnswer::Refused(_) | NoAnswer::TurnedAway(_)) => "refused",
        StageError::NoAnswer(NoAnswer::Store(_)) => "database",
        _ => "failed",
    }
}

/// Where a conversation reports its progress.
#[derive(Clone)]
pub struct Told {
    /// The run's progress.
    pub progress: Progress,
    /// Whether to report the stages' results, because the run is for this conversation alone.
    pub in_detail: bool,
}

/// Processes a claimed conversation.
pub async fn process(
    store: &Store,
    pipeline: &PipelineContext,
    claim: Claim,
    snapshot: Arc<Snapshot>,
    meter: &Meter,
    told: &Told,
) -> Entry {
    let began = clock::start();
    let mut entry = if snapshot.player.game_status.is_over() {
        // Closed unread: a commit without effects.
        let nothing = Commit { claim: &claim, now: snapshot.now, prompt_ms: 0.0, effects: &[] };
        committed(store, Entry::new(&claim, EntryStatus::Skipped).for_reason("game_over"), &nothing).await
    } else {
        through_the_pipeline(store, pipeline, &claim, snapshot, meter, told).await
    };
    let is_committed = entry.is_committed();
    let shown = &mut entry.shown;
    shown.total_duration_ms = clock::millis_since(began);
    shown.completed_at = is_committed.then(|| told.progress.now());
    told.progress.leave(claim.conversation);
    if let Some(unreadable) = shown.unreadable_messages {
        tracing::warn!(conversation = %claim.conversation, unreadable, "messages can't be read, and were passed over");
    }
    if let Some(error) = &shown.error {
        tracing::warn!(
            conversation = %claim.conversation, attempt = claim.attempt, status = %shown.status, error,
            "conversation not processed"
        );
    }
    spans::end_conversation(shown.status, shown.total_duration_ms, shown.error.is_none());
    entry
}

async fn through_the_pipeline(
    store: &Store,
    pipeline: &PipelineContext,
    claim: &Claim,
    snapshot: Arc<Snapshot>,
    meter: &Meter,
    told: &Told,
) -> Entry {
    let now = snapshot.now;
    let reach = |stage, stages: &BTreeMap<StageName, StageResult>| {
        told.progress.reach(claim.conversation, stage, told.in_detail.then(|| json!(stages)));
    };
    let walked = walk(pipeline, claim, snapshot, meter, reach).await;
    let mut entry = match &walked.outcome {
        Ok(effects) => {
            let prompt_ms = walked.stages.get(&StageName::PromptBuilder).map_or(0.0, |stage| stage.duration_ms);
            let status = if walked.is_partial() { EntryStatus::PartialSuccess } else { EntryStatus::Success };
            committed(store, Entry::new(claim, status), &Commit { claim, now, prompt_ms, effects }).await
        }
        Err((stage, error)) => {
            let mut entry = after_error(store, claim, error, format!("{stage}: {error}")).await;
            entry.shown.failed_stage = Some(*stage);
            entry
        }
    };
    let has_prompts = walked.stages.get(&StageName::PromptBuilder).is_some_and(|stage| stage.error.is_none());
    entry.shown.prompt_ready = has_prompts && entry.is_committed();
    entry.shown.fallback = walked.fallback;
    entry.shown.unreadable_messages = (walked.unreadable > 0).then_some(walked.unreadable);
    entry.shown.stage_results = walked.stages;
    entry.shown.memory = walked.memory;
    entry
}

/// Commits. If the response is lost, looks up whether the commit took place.
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
        // The database refuses this conversation: that must neither stop the others nor be retried forever.
        Err(error) if error.is_the_items(Another::None) => refused(store, claim, &error).await,
        Err(error) if error.class().asks_another() => {
            let entry = Entry::released(claim, &format!("not committed: {error}"));
            Entry { unclear: Some(error), ..entry }
        }
        // Nothing was stored. If the database still answers, the claim is released, so that the conversation need not wait for `recover`.
        Err(error) => give_back(store, claim, error).await,
        done => settle(entry, claim, done),
    }
}

/// Closes a conversation after its [`Entry::unclear`] failure was blamed on it (`its_own`) or on the server.
pub async fn cleared(store: &Store, claim: &Claim, entry: Entry, error: StoreError, its_own: bool) -> Entry {
    let now = if its_own { refused(store, claim, &error).await } else { give_back(store, claim, error).await };
    let ConversationEntry { status, error, reason, .. } = now.shown;
    Entry { shown: ConversationEntry { status, error, reason, ..entry.shown }, ..now }
}

/// Closes a conversation that the database refused. It costs an attempt.
async fn refused(store: &Store, claim: &Claim, error: &StoreError) -> Entry {
    let error = StageError::Failed(format!("not committed: {error}"));
    after_error(store, claim, &error, error.to_string()).await
}

fn unknown(claim: &Claim, error: StoreError) -> Entry {
    Entry { stop: Some(error.into()), ..Entry::unknown(claim, "the answer was lost") }
}

/// Closes a conversation as its error requires; `text` is stored as the error.
async fn after_error(store: &Store, claim: &Claim, error: &StageError, text: String) -> Entry {
    let (outcome, status) = match dispose(claim, error) {
        Disposition::Retry(pause) => (Outcome::Retry { pause, error: text.clone() }, EntryStatus::Retrying),
        Disposition::Outage { pause, counts } => {
            (Outcome::Outage { pause, counts, error: text.clone() }, EntryStatus::Retrying)
        }
        Disposition::Refusal(pause) => (Outcome::Refusal { pause, error: text.clone() }, EntryStatus::Retrying),
        Disposition::Fail => (Outcome::Failed { error: text.clone() }, EntryStatus::Failed),
        Disposition::Release => (Outcome::Released, EntryStatus::Released),
    };
    let stop = match error {
        StageError::NoAnswer(NoAnswer::Configuration(why)) => Some(RunError::Configuration(why.clone())),
        StageError::NoAnswer(NoAnswer::Store(why)) => Some(StoreError::unavailable(why.clone()).into()),
        _ => None,
    };
    let refused = matches!(error, StageError::NoAnswer(NoAnswer::Refused(_) | NoAnswer::TurnedAway(_)));
    let outage = matches!(outcome, Outcome::Outage { .. }).then_some(Unanswered::Unavailable);
    let unanswered = if refused { Some(Unanswered::Refused) } else { outage };
    let entry = Entry { unanswered, ..Entry::new(claim, status).because(text).for_reason(reason(error)) };
    let mut entry = settle(entry, claim, store.close_claim(claim, &outcome).await);
    entry.stop = entry.stop.or(stop);
    entry
}

/// Adjusts an entry to whether the closing statement found the claim.
fn settle(mut entry: Entry, claim: &Claim, left: Result<bool, StoreError>) -> Entry {
    match left {
        Ok(true) => {}
        Ok(false) => {
            entry.shown.status = EntryStatus::Released;
            entry.lost = true;
            entry.shown.reason = Some("claim_lost");
            entry.shown.error =
                Some("the claim was lost: another run has recovered this conversation; nothing was written".to_owned());
        }
        Err(error) if error.is_unsure() => return unknown(claim, error),
        Err(error) => {
            entry.shown.status = EntryStatus::Released;
            entry.shown.error = Some(format!("still in processing until `recover` runs: {error}"));
            entry.stop = Some(error.into());
        }
    }
    entry
}

/// Releases a conversation after a failure of the database, without an attempt, ten times. After that it costs one, because a conversation
/// that causes the failure would stop every run.
async fn give_back(store: &Store, claim: &Claim, error: StoreError) -> Entry {
    let trouble = StageError::NoAnswer(NoAnswer::Unavailable(error.message().to_owned()));
    let mut entry = after_error(store, claim, &trouble, format!("not committed: {error}")).await;
    entry.stop = entry.stop.or(Some(error.into()));
    entry
}

/// Releases a conversation whose pipeline panicked. The attempt counts, so that the third panic is the last.
pub async fn give_back_after_panic(store: &Store, claim: &Claim) -> Entry {
    let error = StageError::Failed("internal bug: the pipeline panicked".to_owned());
    let entry = after_error(store, claim, &error, error.to_string()).await;
    Entry { bug: true, ..entry }
}
