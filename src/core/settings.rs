//! The settings of the stages. The defaults are spec 04's.

use super::prompt::PromptTemplate;

/// Settings of all stages.
#[derive(Debug)]
pub struct StageSettings {
    /// Cosine similarity from which a new fact replaces an old one.
    pub duplicate_similarity: f64,
    /// The longest transcript for a model, in characters. From a longer one the oldest messages are left out first.
    pub transcript_budget: usize,
    /// Whether facts whose quote is not in the transcript are dropped.
    pub drop_unsupported: bool,
    /// The prompt template.
    pub template: PromptTemplate,
    /// Who heats the conflict.
    pub conflict: ConflictKeeper,
    /// Whether a conflict can end the game even if the application heats it.
    pub breakup: bool,
}

/// Who adds heat to the conflict, and counts its crises (spec 09, "Conflict").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictKeeper {
    /// The application, if it has written `conflict_details`: it always writes `gottman_target`, and we never do. Otherwise the stage.
    #[default]
    Auto,
    /// Always the application: the stage only cools.
    Application,
    /// Always the stage.
    Own,
}

impl StageSettings {
    /// Spec 04's similarity.
    pub const DUPLICATE_SIMILARITY: f64 = 0.87;
    /// About 50,000 tokens: well inside the smallest context window of the models in use.
    pub const TRANSCRIPT_BUDGET: usize = 200_000;
}
