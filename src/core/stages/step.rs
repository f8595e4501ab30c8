//! The interface of a stage: its input, its steps and its errors.

use std::sync::Arc;
use std::time::Duration;

use super::outputs::{Findings, Output};
use crate::core::ask::{Answer, Ask, NoAnswer};
use crate::core::settings::StageSettings;
use crate::domain::effect::Effect;
use crate::domain::snapshot::Snapshot;

/// The input of every stage.
#[derive(Clone)]
pub struct Context {
    /// The snapshot that all stages share.
    pub snapshot: Arc<Snapshot>,
    /// The outputs of the stages that have succeeded so far.
    pub findings: Arc<Findings>,
    /// The settings and the prompt template.
    pub settings: Arc<StageSettings>,
}

/// The next step of a stage.
pub enum Step {
    /// It has decided.
    Done(Box<Decision>),
    /// It has questions, to be answered concurrently, and then continues.
    Ask(Vec<Ask>, Continuation),
}

/// Continues with one result for each question, in order.
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
    /// The output for later stages.
    pub output: Output,
    /// The changes to commit.
    pub effects: Vec<Effect>,
}

/// Why a stage failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The transcript is invalid. A retry can't help, so the conversation fails permanently.
    #[error("invalid transcript: {0}")]
    InvalidTranscript(String),
    /// A question had no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Its own or the pipeline's timeout expired.
    #[error("timed out after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}
