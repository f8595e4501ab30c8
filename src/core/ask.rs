//! What a stage may ask of the outside, as plain values. The shell (`run::pipeline`) does the asking.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::reply::Notes;

/// A question that a stage has while it decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A language model's answer.
    Model(ModelAsk),
    /// One vector of [`DIMENSIONS`] numbers for each text, at most [`MOST_TEXTS`] of them a question.
    Embed(Vec<String>),
    /// For each vector, the player's active facts at least so similar.
    Similar {
        /// What to compare with, each of [`DIMENSIONS`] numbers.
        vectors: Vec<Vec<f32>>,
        /// The least cosine similarity, -1 to 1.
        least: f64,
        /// Facts that will be taken back before new ones come, with what they have replaced: those that the conversation has
        /// brought forth when it was processed before.
        own: Vec<Uuid>,
    },
}

/// How long an embedding is (spec 04).
pub const DIMENSIONS: usize = 1536;
/// The most texts in one embedding call (spec 04).
pub const MOST_TEXTS: usize = 100;

/// A question to a language model. Instructions and data are apart, so that a transcript can't give orders.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelAsk {
    /// Extract what [`crate::core::stages::outputs::Extraction`] holds from a transcript, as JSON that follows `schema`.
    Extract {
        /// What the model is to do.
        instructions: &'static str,
        /// The transcript, one `role: content` a line.
        transcript: String,
        /// The JSON schema that the reply must satisfy.
        schema: Value,
    },
    /// Summarise the last messages in a sentence or two.
    Summarise {
        /// What the model is to do.
        instructions: &'static str,
        /// The transcript, one `role: content` a line.
        transcript: String,
    },
    /// Polish a rendered prompt without losing what it says.
    Enrich {
        /// What the model is to do.
        instructions: &'static str,
        /// The plain rendering.
        prompt: String,
    },
}

/// An answer to an [`Ask`], of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`ModelAsk::Extract`].
    Notes(Box<Noted>),
    /// To [`ModelAsk::Summarise`] and [`ModelAsk::Enrich`].
    Text(String),
    /// To [`Ask::Embed`]: what became of each text.
    Vectors(Vec<Embedded>),
    /// To [`Ask::Similar`]: for each vector, the facts that are similar enough, the most similar first.
    Similar(Vec<Vec<Uuid>>),
}

/// What became of a text that was to get a vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedded {
    /// Its vector.
    Vector(Vec<f32>),
    /// None yet: embeddings were unavailable, or nobody has got to it.
    Waits,
    /// The embedder can't take this text, while it takes others.
    SetAside,
}

impl Embedded {
    /// The vector, if there is one.
    #[must_use]
    pub fn vector(self) -> Option<Vec<f32>> {
        match self {
            Self::Vector(vector) => Some(vector),
            Self::Waits | Self::SetAside => None,
        }
    }
}

/// What a model noted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Its notes.
    pub notes: Notes,
    /// The model, by the provider's name for it.
    pub model: String,
    /// How many of the oldest messages it was not shown, wholly or in part, because they were too many for it.
    pub left_out: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// This model is not set up, and does not need to be: the local model has no enrichment.
    #[error("not offered by this provider")]
    NotOffered,
    /// The provider can't be reached or refuses for now; the conversation goes back without an attempt (spec 02).
    #[error("provider unavailable: {0}")]
    Unavailable(String),
    /// The provider was not asked, because its circuit breaker is open (spec 05); the conversation goes back as it was.
    #[error("not asked: the circuit of {0} is open")]
    CircuitOpen(String),
    /// The provider answered, and the answer can't be used.
    #[error("invalid_reply: {0}")]
    InvalidReply(String),
    /// The model declines to read this conversation, and will decline again.
    #[error("refused by the provider: {0}")]
    Declined(String),
    /// The provider refuses this conversation, and answers harmless questions; it is asked again after hours.
    #[error("refused by the provider: {0}")]
    Refused(String),
    /// The same, by a status that may pass, as a firewall's.
    #[error("turned away by the provider: {0}")]
    TurnedAway(String),
    /// The key or the model's name is wrong: the run stops.
    #[error("provider configuration: {0}")]
    Configuration(String),
    /// The database did not answer.
    #[error("database: {0}")]
    Store(String),
}

impl NoAnswer {
    /// Whether it is nobody's private trouble: every further question would fare the same, so the run stops even where the
    /// stage could do without the answer.
    #[must_use]
    pub const fn ends_the_run(&self) -> bool {
        matches!(self, Self::Configuration(_) | Self::Store(_))
    }
}
