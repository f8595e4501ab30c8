//! Runs one conversation through the nine stages. A stage starts when the stages it needs have ended, and has its own timeout
//! within the pipeline's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tracing::Instrument;

use super::asking::{answer_all, remember};
use super::context::PipelineContext;
use super::spans;
use crate::clock;
use crate::core::stages::outputs::Findings;
use crate::core::stages::step::{Context, Decision, StageError, Step};
use crate::core::stages::{STAGES, Stage, StageName};
use crate::domain::conversation::Claim;
use crate::domain::effect::Effect;
use crate::domain::result::{Fallback, MemoryFigures, StageResult, StageStatus};
use crate::domain::snapshot::Snapshot;
use crate::providers::call::{Call, Meter};

/// The outcome of a conversation's pipeline.
pub struct Walk {
    /// Every stage that ran.
    pub stages: BTreeMap<StageName, StageResult>,
    /// The changes to commit, or the critical failure that stopped it.
    pub outcome: Result<Vec<Effect>, (StageName, StageError)>,
    /// How many facts were added, replaced and so on.
    pub memory: MemoryFigures,
    /// How many of its messages are unreadable.
    pub unreadable: usize,
    /// The fallback that was used.
    pub fallback: Fallback,
}

impl Walk {
    /// Whether a non-critical stage failed.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.stages.values().any(|stage| stage.error.is_some())
    }
}

struct Ended {
    index: usize,
    tries: u32,
    duration: Duration,
    outcome: Result<Box<Decision>, StageError>,
}

/// Runs all stages of a conversation. It writes nothing but memos of paid answers. `meter` counts each answer as it arrives, so
/// that the cost of an aborted conversation is counted too.
///
/// A critical failure ends the pipeline at once and drops the running stages with their requests.
pub async fn walk(
    pipeline: &PipelineContext,
    claim: &Claim,
    snapshot: Arc<Snapshot>,
    meter: &Meter,
    reach: impl Fn(Option<StageName>, &BTreeMap<StageName, StageResult>),
) -> Walk {
    let deadline = clock::start() + pipeline.timeout;
    let mut findings = Arc::new(Findings::default());
    let mut stages = BTreeMap::new();
    let mut effects: [Vec<Effect>; STAGES.len()] = Default::default();
    let mut ended = [false; STAGES.len()];
    let mut begun = [false; STAGES.len()];
    let mut running = FuturesUnordered::new();
    let mut fallback = Fallback::None;
    loop {
        for (index, stage) in STAGES.iter().enumerate() {
            if !begun[index] && stage.needs.iter().all(|need| ended[stage_index(*need)]) {
                begun[index] = true;
                let context = Context {
                    snapshot: Arc::clone(&snapshot),
                    findings: Arc::clone(&findings),
                    settings: Arc::clone(&pipeline.settings),
                };
                let run = run_stage(pipeline, claim, index, stage, context, deadline, meter);
                running.push(run.instrument(spans::stage(stage.name)));
            }
        }
        let under_way = STAGES.iter().enumerate().find(|(index, _)| begun[*index] && !ended[*index]);
        reach(under_way.map(|(_, stage)| stage.name), &stages);
        let Some(Ended { index, tries, duration, outcome }) = running.next().await else { break };
        if tries > 0 {
            fallback = fallback.max(Fallback::Retry);
        }
        let stage = &STAGES[index];
        ended[index] = true;
        let error = outcome.as_ref().err().map(ToString::to_string);
        let status = if error.is_none() { StageStatus::Success } else { StageStatus::Failed };
        stages.insert(stage.name, StageResult { status, duration_ms: duration.as_secs_f64() * 1000.0, error });
        match outcome {
            Ok(decision) => {
                effects[index] = decision.effects;
                Arc::make_mut(&mut findings).add(decision.output);
            }
            Err(error) if stage.critical || ends_the_run(&error) => {
                drop(running);
                let unreadable = unreadable(&findings);
                return Walk {
                    stages,
                    outcome: Err((stage.name, error)),
                    memory: MemoryFigures::default(),
                    unreadable,
                    fallback,
                };
            }
            Err(error) => {
                tracing::warn!(stage = stage.name.as_str(), error = %error, "stage failed, continuing without it");
            }
        }
    }
    let memory = findings.memory_update.as_ref().map(|update| update.figures).unwrap_or_default();
    if findings.prompt_builder.as_ref().is_some_and(|it| it.fell_back) {
        fallback = Fallback::PlainPrompt;
    }
    let unreadable = unreadable(&findings);
    Walk { stages, outcome: Ok(effects.into_iter().flatten().collect()), memory, unreadable, fallback }
}

fn unreadable(findings: &Findings) -> usize {
    findings.extraction.as_ref().map_or(0, |extraction| extraction.messages_unreadable)
}

/// A wrong key, or a failure of the database, is not the stage's, even if the stage is not critical.
const fn ends_the_run(error: &StageError) -> bool {
    matches!(error, StageError::NoAnswer(error) if error.ends_the_run())
}

fn stage_index(name: StageName) -> usize {
    STAGES.iter().position(|stage| stage.name == name).unwrap_or(STAGES.len())
}

async fn run_stage(
    pipeline: &PipelineContext,
    claim: &Claim,
    index: usize,
    stage: &'static Stage,
    context: Context,
    deadline: Instant,
    meter: &Meter,
) -> Ended {
    let began = clock::start();
    let mut tries = 0;
    let outcome = loop {
        let time = stage.timeout.min(deadline.saturating_duration_since(clock::start()));
        let call = Call { stage: stage.name, deadline: clock::start() + time, meter };
        let outcome = tokio::time::timeout(time, try_stage(pipeline, claim, stage, &context, call))
            .await
            .unwrap_or(Err(StageError::TimedOut(time)));
        match outcome {
            Err(error) if tries < stage.retries && deadline > clock::start() && !ends_the_run(&error) => tries += 1,
            outcome => break outcome,
        }
    };
    let duration = began.elapsed();
    spans::end_stage(&outcome, tries + 1, duration);
    Ended { index, tries, duration, outcome }
}

async fn try_stage(
    pipeline: &PipelineContext,
    claim: &Claim,
    stage: &Stage,
    context: &Context,
    call: Call<'_>,
) -> Result<Box<Decision>, StageError> {
    pipeline.providers.rehearse(stage.name).await?;
    let mut step = (stage.begin)(context)?;
    loop {
        match step {
            Step::Done(decision) => return Ok(decision),
            Step::Ask(asks, then) => {
                let (answers, memos) = answer_all(pipeline, claim, call, &asks).await;
                step = then(answers)?;
                remember(pipeline, claim, stage.name, memos).await;
            }
        }
    }
}
