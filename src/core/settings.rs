//! The numbers and texts that the stages work by. Spec 04's are the defaults.

use super::prompt::PromptTemplate;

/// Settings of all stages.
#[derive(Debug)]
pub struct StageSettings {
    /// Cosine similarity from which a new fact replaces an old one.
    pub duplicate_similarity: f64,
    /// The longest transcript that is sent to a model, in characters; over it the oldest messages go first.
    pub transcript_budget: usize,
    /// Whether facts whose quote is nowhere in the transcript are left out.
    pub drop_unsupported: bool,
    /// The prompt template.
    pub template: PromptTemplate,
    /// Who heats the conflict.
    pub conflict: ConflictKeeper,
    /// Whether a game may end by the conflict where the application keeps its heat.
    pub breakup: bool,
}

/// Who adds heat to the conflict, and counts its crises (spec 09, "Conflict").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictKeeper {
    /// The application, where `conflict_details` shows its hand: it always writes `gottman_target`, and we never do.
    #[default]
    Auto,
    /// The application, whatever stands there: the stage only cools.
    Application,
    /// The stage.
    Own,
}

impl StageSettings {
    /// Spec 04's similarity.
    pub const DUPLICATE_SIMILARITY: f64 = 0.87;
    /// About 50,000 tokens: well inside the smallest context window of the models in use.
    pub const TRANSCRIPT_BUDGET: usize = 200_000;
}
