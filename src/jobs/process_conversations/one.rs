//! One claimed conversation: runs the pipeline and takes it out of `processing` with exactly one statement.

use std::sync::Arc;

use serde_json::json;
use std::collections::BTreeMap;

use super::entry::{Entry, Statement, Unanswered};
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::backoff::pause;
use crate::core::disposition::{Disposition, dispose};
use crate::core::stages::StageName;
use crate::core::stages::step::StageError;
use crate::domain::conversation::Claim;
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

/// Why a stage failed, as a keyword.
const fn reason(error: &StageError) -> &'static str {
    match error {
        StageError::InvalidTranscript(_) => "invalid_transcript",
        StageError::TimedOut(_) => "timed_out",
        StageError::NoAnswer(NoAnswer::Unavailable(_) | NoAnswer::CircuitOpen(_)) => "provider_unavailable",
        StageError::NoAnswer(NoAnswer::InvalidReply(_)) => "invalid_reply",
        StageError::NoAnswer(NoAnswer::Configuration(_)) => "configuration",
        StageError::NoAnswer(NoAnswer::Declined(_) | NoAnswer::Refused(_) | NoAnswer::TurnedAway(_)) => "refused",
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
            let why = format!("{stage}: {error}");
            let mut entry = match of_the_database(error) {
                Some(error) => after_fault(store, claim, Statement::Question, error, why).await,
                None => after_error(store, claim, error, why, reason(error)).await,
            };
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

/// The failure of the database by which a question had no answer.
fn of_the_database(error: &StageError) -> Option<StoreError> {
    let StageError::NoAnswer(NoAnswer::Store(fault)) = error else { return None };
    Some(fault.get::<StoreError>().cloned().unwrap_or_else(|| StoreError::other(fault.to_string())))
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
        Err(error) => {
            let why = format!("not committed: {error}");
            after_fault(store, claim, Statement::Close, error, why).await
        }
        done => settle(entry, claim, done),
    }
}

/// After a failure of the database by which nothing was stored. `why` is the entry's error.
async fn after_fault(store: &Store, claim: &Claim, of: Statement, error: StoreError, why: String) -> Entry {
    if error.is_the_items(Another::None) {
        // What the database refuses about this conversation must not stop the others, nor be tried for ever.
        refused(store, claim, why).await
    } else if error.class().asks_another() {
        Entry { unclear: Some((of, error)), ..Entry::released(claim, &why).for_reason("database") }
    } else {
        // If the database still answers, the claim is released, so that the conversation need not wait for `recover`.
        give_back(store, claim, error, why).await
    }
}

/// Closes a conversation after its [`Entry::unclear`] failure was blamed on it (`its_own`) or on the server.
pub async fn cleared(store: &Store, claim: &Claim, entry: Entry, error: StoreError, its_own: bool) -> Entry {
    let why = entry.shown.error.clone().unwrap_or_else(|| error.to_string());
    let mut now = if its_own { refused(store, claim, why).await } else { give_back(store, claim, error, why).await };
    // It was asked about before: its closing can't work.
    if let Some((_, error)) = now.unclear.take() {
        now = now.staying(&error);
    }
    let ConversationEntry { status, error, reason, .. } = now.shown;
    Entry { shown: ConversationEntry { status, error, reason, ..entry.shown }, bug: entry.bug, ..now }
}

/// The database refuses just this conversation: it costs an attempt.
pub async fn refused(store: &Store, claim: &Claim, why: String) -> Entry {
    let error = StageError::Failed(why);
    let text = error.to_string();
    after_error(store, claim, &error, text, "database").await
}

/// The conversation or its player was deleted after the claim.
pub async fn gone(store: &Store, claim: &Claim) -> Entry {
    let error = "the conversation or its player is gone".to_owned();
    let left = close(store, claim, Outcome::Failed { error: error.clone() }).await;
    // Without a row there is nothing to close.
    settle(Entry::failed(claim, error), claim, left.map(|_| true))
}

fn unknown(claim: &Claim, error: StoreError) -> Entry {
    Entry { stop: Some(error.into()), ..Entry::unknown(claim, "the answer was lost") }
}

/// Closes a conversation as its error requires; `text` is stored as the error, `reason` is the error as a keyword.
async fn after_error(store: &Store, claim: &Claim, error: &StageError, text: String, reason: &'static str) -> Entry {
    let (outcome, status) = match dispose(claim, error) {
        Disposition::Retry(pause) => (Outcome::Retry { pause, error: text.clone() }, EntryStatus::Retrying),
        Disposition::Outage { pause, counts } => {
            (Outcome::Outage { pause, counts, error: text.clone() }, EntryStatus::Retrying)
        }
        Disposition::Refusal(pause) => (Outcome::Refusal { pause, error: text.clone() }, EntryStatus::Retrying),
        Disposition::Fail => (Outcome::Failed { error: text.clone() }, EntryStatus::Failed),
        Disposition::Release => (Outcome::Released, EntryStatus::Released),
    };
    let refused = matches!(error, StageError::NoAnswer(NoAnswer::Refused(_) | NoAnswer::TurnedAway(_)));
    let outage = matches!(outcome, Outcome::Outage { .. }).then_some(Unanswered::Unavailable);
    let unanswered = if refused { Some(Unanswered::Refused) } else { outage };
    let entry = Entry { unanswered, ..Entry::new(claim, status).because(text).for_reason(reason) };
    let entry = settle(entry, claim, close(store, claim, outcome).await);
    match error {
        StageError::NoAnswer(NoAnswer::Configuration(why)) => entry.stopping(RunError::Configuration(why.clone())),
        _ => entry,
    }
}

/// Closes a conversation. If the database refuses the status `failed` for it (a trigger, a check), it becomes `active` with the attempt used:
/// it must not hold up its player's other conversations, and a claim passes over it once its attempts are used.
async fn close(store: &Store, claim: &Claim, outcome: Outcome) -> Result<bool, StoreError> {
    let left = store.close_claim(claim, &outcome).await;
    match (left, outcome) {
        (Err(refusal), Outcome::Failed { error }) if refusal.is_the_items(Another::None) => {
            tracing::warn!(
                conversation = %claim.conversation, error = %refusal,
                "the database refuses that it is `failed`, so it becomes `active`"
            );
            let pause = pause(claim.conversation, claim.attempt);
            store.close_claim(claim, &Outcome::Retry { pause, error }).await
        }
        (left, _) => left,
    }
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
        Err(error) if error.is_the_items(Another::None) => return entry.staying(&error),
        Err(error) => {
            entry.shown.status = EntryStatus::Released;
            if error.class().asks_another() {
                entry.unclear = Some((Statement::Close, error));
            } else {
                entry = entry.not_closed(&error).stopping(error);
            }
        }
    }
    entry
}

/// Releases a conversation after a failure of the database, without an attempt, ten times. After that it costs one, because a conversation
/// that causes the failure would stop every run.
async fn give_back(store: &Store, claim: &Claim, error: StoreError, why: String) -> Entry {
    let trouble = StageError::NoAnswer(NoAnswer::Unavailable(error.message().to_owned()));
    after_error(store, claim, &trouble, why, "database").await.stopping(error)
}

/// Releases a conversation whose pipeline panicked. The attempt counts, so that the third panic is the last.
pub async fn give_back_after_panic(store: &Store, claim: &Claim) -> Entry {
    let error = StageError::Failed("internal bug: the pipeline panicked".to_owned());
    let entry = after_error(store, claim, &error, error.to_string(), reason(&error)).await;
    Entry { bug: true, ..entry }
}
