//! How a stage goes on: what it gets, and what it wants next.

use std::sync::Arc;
use std::time::Duration;

use super::outputs::{Findings, Output};
use crate::core::ask::{Answer, Ask, NoAnswer};
use crate::core::settings::StageSettings;
use crate::domain::effect::Effect;
use crate::domain::snapshot::Snapshot;

/// What every stage gets.
#[derive(Clone)]
pub struct Context {
    /// The reading that all share.
    pub snapshot: Arc<Snapshot>,
    /// The outputs of the stages that have succeeded so far.
    pub findings: Arc<Findings>,
    /// The rules' numbers, and the prompt template.
    pub settings: Arc<StageSettings>,
}

/// What a stage wants next.
pub enum Step {
    /// It has decided.
    Done(Box<Decision>),
    /// It needs answers to all of these at once; then it goes on.
    Ask(Vec<Ask>, Continuation),
}

/// Goes on with one result for each question, in their order.
pub type Continuation = Box<dyn FnOnce(Vec<Result<Answer, NoAnswer>>) -> Result<Step, StageError> + Send>;

impl Step {
    /// A decision without any question.
    #[must_use]
    pub fn done(output: Output, effects: Vec<Effect>) -> Self {
        Self::Done(Box::new(Decision { output, effects }))
    }

    /// One question.
    #[must_use]
    pub fn ask_one(
        ask: Ask,
        then: impl FnOnce(Result<Answer, NoAnswer>) -> Result<Self, StageError> + Send + 'static,
    ) -> Self {
        Self::Ask(vec![ask], Box::new(move |mut answers| then(answers.pop().unwrap_or(Err(NoAnswer::NotOffered)))))
    }
}

/// A stage's result.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What later stages read.
    pub output: Output,
    /// What is to be changed.
    pub effects: Vec<Effect>,
}

/// Why a stage failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The transcript is not what it must be; trying again can't help, so the conversation fails for good.
    #[error("invalid transcript: {0}")]
    InvalidTranscript(String),
    /// A question had no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// It ran out of its own time or the pipeline's.
    #[error("timed out after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}
