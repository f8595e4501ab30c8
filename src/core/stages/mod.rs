//! The nine stages (spec 04), as one static table.
//!
//! A stage is a function from ([`Snapshot`], [`Findings`]) to an output. It has no I/O: where it needs a model, it returns
//! [`Step::Ask`] with a closure that goes on with the answers. What it wants changed is a list of [`Effect`]s.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{Answer, Ask, NoAnswer};
use super::settings::StageSettings;
use crate::domain::effect::Effect;
use crate::domain::snapshot::Snapshot;
pub use crate::domain::stage::StageName;

pub mod conflict;
pub mod emotional;
pub mod extraction;
#[cfg(test)]
pub(crate) mod fixture;
pub mod game_state;
pub mod life_sim;
pub mod memory_update;
pub mod prompt_builder;
pub mod summary;
pub mod touchpoint;

/// One row of the table.
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// The stages whose outputs it reads. It starts when all of them have ended, well or not.
    pub needs: &'static [StageName],
    /// Whether its failure fails the conversation.
    pub critical: bool,
    /// The longest it may take, its questions included.
    pub timeout: Duration,
    /// How often it is tried again after a failure of its own.
    pub retries: u32,
    /// Where it begins.
    pub begin: fn(&Context) -> Result<Step, StageError>,
}

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

/// A stage's output.
#[derive(Clone, Debug)]
pub enum Output {
    /// Of [`extraction`].
    Extraction(extraction::Extraction),
    /// Of [`memory_update`].
    MemoryUpdate(memory_update::MemoryUpdate),
    /// Of [`life_sim`].
    LifeSim(life_sim::LifeSim),
    /// Of [`emotional`].
    Emotional(emotional::Emotional),
    /// Of [`game_state`].
    GameState(game_state::GameState),
    /// Of [`conflict`].
    Conflict(conflict::Conflict),
    /// Of [`touchpoint`].
    Touchpoint(touchpoint::Touchpoint),
    /// Of [`summary`].
    Summary(summary::Summary),
    /// Of [`prompt_builder`].
    PromptBuilder(prompt_builder::PromptBuilder),
}

/// The outputs so far. `None` where a stage has not run, or has failed: its dependants use the default they document.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Of [`extraction`].
    pub extraction: Option<extraction::Extraction>,
    /// Of [`memory_update`].
    pub memory_update: Option<memory_update::MemoryUpdate>,
    /// Of [`life_sim`].
    pub life_sim: Option<life_sim::LifeSim>,
    /// Of [`emotional`].
    pub emotional: Option<emotional::Emotional>,
    /// Of [`game_state`].
    pub game_state: Option<game_state::GameState>,
    /// Of [`conflict`].
    pub conflict: Option<conflict::Conflict>,
    /// Of [`touchpoint`].
    pub touchpoint: Option<touchpoint::Touchpoint>,
    /// Of [`summary`].
    pub summary: Option<summary::Summary>,
    /// Of [`prompt_builder`].
    pub prompt_builder: Option<prompt_builder::PromptBuilder>,
}

impl Findings {
    /// Adds a stage's output.
    pub fn add(&mut self, output: Output) {
        match output {
            Output::Extraction(it) => self.extraction = Some(it),
            Output::MemoryUpdate(it) => self.memory_update = Some(it),
            Output::LifeSim(it) => self.life_sim = Some(it),
            Output::Emotional(it) => self.emotional = Some(it),
            Output::GameState(it) => self.game_state = Some(it),
            Output::Conflict(it) => self.conflict = Some(it),
            Output::Touchpoint(it) => self.touchpoint = Some(it),
            Output::Summary(it) => self.summary = Some(it),
            Output::PromptBuilder(it) => self.prompt_builder = Some(it),
        }
    }
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

use StageName::{
    Conflict, Emotional, Extraction, GameState, LifeSim, MemoryUpdate, PromptBuilder, Summary, Touchpoint,
};

const SECONDS_10: Duration = Duration::from_secs(10);
const SECONDS_20: Duration = Duration::from_secs(20);

/// The pipeline. Names, needs and criticality are spec 04's.
pub static STAGES: [Stage; 9] = [
    Stage { name: Extraction, needs: &[], critical: true, timeout: SECONDS_20, retries: 0, begin: extraction::begin },
    Stage {
        name: MemoryUpdate,
        needs: &[Extraction],
        critical: true,
        timeout: SECONDS_20,
        retries: 0,
        begin: memory_update::begin,
    },
    Stage { name: LifeSim, needs: &[], critical: false, timeout: SECONDS_10, retries: 1, begin: life_sim::begin },
    Stage {
        name: Emotional,
        needs: &[Extraction, LifeSim],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: emotional::begin,
    },
    Stage { name: GameState, needs: &[], critical: false, timeout: SECONDS_10, retries: 1, begin: game_state::begin },
    Stage {
        name: Conflict,
        needs: &[Emotional, GameState],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: conflict::begin,
    },
    Stage {
        name: Touchpoint,
        needs: &[LifeSim, Conflict],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: touchpoint::begin,
    },
    Stage {
        name: Summary,
        needs: &[Extraction],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: summary::begin,
    },
    Stage {
        name: PromptBuilder,
        needs: &[Extraction, MemoryUpdate, LifeSim, Emotional, GameState, Conflict, Touchpoint, Summary],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: prompt_builder::begin,
    },
];
