//! `process-conversations --id`: processes one conversation now, regardless of the window.

use super::bill::Bill;
use super::in_flight::InFlight;
use super::progress_writer::ProgressWriter;
use super::{Settings, due};
use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::ids::ConversationId;
use crate::domain::result::{ConversationEntry, ConversationPlan, ConversationResult, EntryStatus};
use crate::providers::call::Meter;
use crate::run::circuits::Circuits;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::store::Store;
use crate::store::claims::Due;
use crate::store::single::Standing;

/// A request to process one conversation.
#[derive(Clone, Copy, Debug)]
pub struct SingleRequest {
    /// The conversation.
    pub conversation: ConversationId,
    /// Process it even if it was processed or failed.
    pub reprocess: bool,
}

/// Processes the conversation. The report's fields are its entry, with `pipeline_execution_id`.
///
/// # Errors
/// [`RunError::Failed`] with the reason if it can't be processed now.
pub async fn work(
    settings: &Settings,
    pipeline: &PipelineContext,
    run: &Run,
    request: SingleRequest,
) -> Result<Report, RunError> {
    let due = due(settings, run.now);
    run.progress.expect(1);
    let mut circuits = Circuits::begin(pipeline, &run.store, run.execution).await?;
    let claim = match run.store.claim_one(&due, run.execution, request.conversation, request.reprocess).await {
        Err(error) if error.is_unsure() => {
            run.store.give_back_claims(run.execution, []).await?;
            return Err(error.into());
        }
        other => other?,
    };
    let Some(claim) = claim else {
        check(&run.store, &due, request).await?;
        // The check found it claimable now, so it has changed since the failed claim.
        return Err(RunError::Failed(format!(
            "conversation {} has just changed, perhaps because another run held it; try again",
            request.conversation
        )));
    };
    let mut in_flight = InFlight::new(&settings.prices, run, pipeline);
    in_flight.in_detail = true;
    let progress_writer = ProgressWriter::begin(run, 1);
    let meter = Meter::default();
    let mut trouble = tokio::select! {
        probed = circuits.probe(&meter) => probed.err(),
        () = run.signals.stopping() => None,
    };
    in_flight.tally.charge(&Bill::of(&settings.prices, &meter.usage()));
    // With an open circuit each request fails at once, and the conversation is released with its attempt.
    trouble = trouble.or(in_flight.begin(&[claim]).await.err());
    // Without another conversation to compare, an unclear failure is the server's.
    while !in_flight.tasks.is_empty() || in_flight.end_waiting() {
        tokio::select! {
            ended = in_flight.next() => trouble = trouble.or(ended),
            () = run.signals.stopping() => in_flight.wind_up().await,
        }
    }
    progress_writer.end().await;
    if let Err(error) = circuits.keep_all().await {
        trouble = trouble.or(Some(error.into()));
    }
    in_flight.tally.learnt = circuits.learnt();
    let (exit, cost_usd) = (in_flight.tally.exit(), Some(in_flight.tally.bill.exact()));
    let result = in_flight.tally.result(1, 0);
    let conversations = result.conversations.clone();
    let found = result.conversations.into_iter().next();
    // If something stopped the run, its status matters more than the entry's; the entry's error has the details.
    let stopped = found.is_none() || trouble.is_some() || run.signals.is_stopping();
    let entry = found.unwrap_or_else(|| ConversationEntry::new(request.conversation, EntryStatus::Released));
    let own = ConversationResult {
        entry: ConversationEntry { cost_usd: Some(result.cost_usd), ..entry },
        pipeline_execution_id: run.execution,
        stage_timings: result.stage_timings,
        learnt: result.learnt,
        conversations,
        stopped,
    };
    Ok(Report { own: Box::new(own).into(), exit, complaint: None, cost_usd, error: trouble })
}

/// What [`work`] would do now, without doing it.
///
/// # Errors
/// As [`work`].
pub async fn preview(settings: &Settings, store: &Store, request: SingleRequest) -> Result<ConversationPlan, RunError> {
    let standing = check(store, &due(settings, store.now().await?), request).await?;
    let conversation_id = request.conversation;
    Ok(ConversationPlan { conversation_id, conversation_status: standing.status, processed: 1 })
}

/// Why the conversation can't be processed now, if it can't.
async fn check(store: &Store, due: &Due, request: SingleRequest) -> Result<Standing, RunError> {
    let id = request.conversation;
    let refuse = |why: String| Err(RunError::Failed(why));
    let Some(standing) = store.standing(due, id).await? else {
        return refuse(format!("there is no conversation {id}"));
    };
    match standing.status.as_str() {
        "processing" => refuse(format!(
            "conversation {id} is being processed; if its run is dead, `recover conversation {id} --requeue` makes it active again"
        )),
        "processed" if !request.reprocess => {
            refuse(format!("conversation {id} has been processed; --reprocess processes it again"))
        }
        "failed" if !request.reprocess => {
            let why = standing.last_error.as_deref().unwrap_or("no reason is known");
            refuse(format!("conversation {id} has failed ({why}); --reprocess tries again"))
        }
        _ if standing.player_is_busy => {
            refuse("another conversation of this player is being processed; try again when it has ended".to_owned())
        }
        _ if standing.is_odd => refuse(format!("the player's id of conversation {id} is no lower-case UUID")),
        "active" if !standing.is_over => refuse(format!(
            "conversation {id} is not over: its last message is younger than --session-timeout ({})",
            humantime::format_duration(due.session_timeout)
        )),
        "active" if standing.attempts >= i64::from(MOST_ATTEMPTS) && !request.reprocess => {
            refuse(format!("conversation {id} has used its three attempts; --reprocess gives it new ones"))
        }
        "active" if !standing.is_first => refuse(format!(
            "an older conversation of this player must be processed before {id}; process that one first"
        )),
        _ => Ok(standing),
    }
}
