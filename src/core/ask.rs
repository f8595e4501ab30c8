//! The questions of a stage to models and the store, as plain values. The shell (`run::pipeline`) sends them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::reply::Notes;

/// A stage's question.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A language model's answer.
    Model(ModelAsk),
    /// One vector of [`DIMENSIONS`] numbers for each text, at most [`MOST_TEXTS`] texts.
    Embed(Vec<String>),
    /// For each vector, the player's active facts that are similar enough.
    Similar {
        /// Vectors of [`DIMENSIONS`] numbers.
        vectors: Vec<Vec<f32>>,
        /// The least cosine similarity, -1 to 1.
        least: f64,
        /// Facts that the conversation added when it was processed before. The commit removes them and restores the facts that
        /// they replaced.
        own: Vec<Uuid>,
    },
}

/// The length of an embedding (spec 04).
pub const DIMENSIONS: usize = 1536;
/// The most texts in one embedding request (spec 04).
pub const MOST_TEXTS: usize = 100;

/// A question to a language model. Instructions and data are separate, so that a transcript can't give instructions.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelAsk {
    /// Extract the fields of [`crate::core::stages::outputs::Extraction`] from a transcript, as JSON that follows `schema`.
    Extract {
        /// The model's task.
        instructions: &'static str,
        /// The transcript, one `role: content` per line.
        transcript: String,
        /// The JSON schema that the reply must satisfy.
        schema: Value,
    },
    /// Summarise the last messages in a sentence or two.
    Summarise {
        /// The model's task.
        instructions: &'static str,
        /// The transcript, one `role: content` per line.
        transcript: String,
    },
    /// Polish a rendered prompt without losing any of its content.
    Enrich {
        /// The model's task.
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
    /// To [`Ask::Embed`]: the outcome of each text.
    Vectors(Vec<Embedded>),
    /// To [`Ask::Similar`]: for each vector the similar facts, the most similar first.
    Similar(Vec<Vec<Uuid>>),
}

/// The outcome of embedding one text.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedded {
    /// Its vector.
    Vector(Vec<f32>),
    /// No vector yet: embeddings were unavailable, or the text's turn has not come.
    Waits,
    /// The embedder rejects this text, but accepts others.
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

/// A model's notes on a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Its notes.
    pub notes: Notes,
    /// The provider's name of the model.
    pub model: String,
    /// How many of the oldest messages were left out or shortened to fit the model's context.
    pub left_out: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The provider does not offer this: the local model has no enrichment.
    #[error("not offered by this provider")]
    NotOffered,
    /// The provider is unreachable or temporarily refuses. The conversation is released without using up an attempt (spec 02).
    #[error("provider unavailable: {0}")]
    Unavailable(String),
    /// No request was sent, because the provider's circuit breaker is open (spec 05). The conversation is released unchanged.
    #[error("not asked: the circuit of {0} is open")]
    CircuitOpen(String),
    /// The provider answered, but the answer is unusable.
    #[error("invalid_reply: {0}")]
    InvalidReply(String),
    /// The model declined this conversation, and will decline it again.
    #[error("refused by the provider: {0}")]
    Declined(String),
    /// The provider refused this conversation, though it answers harmless questions. Retried after hours.
    #[error("refused by the provider: {0}")]
    Refused(String),
    /// The same with a status that can be temporary, such as a firewall's.
    #[error("turned away by the provider: {0}")]
    TurnedAway(String),
    /// The key or the model's name is wrong. The run stops.
    #[error("provider configuration: {0}")]
    Configuration(String),
    /// The database failed. By the failure itself, the run decides whether it is the conversation's.
    #[error("{0}")]
    Store(Fault),
}

impl NoAnswer {
    /// Whether the pipeline stops, even if the stage does not need the answer: a wrong key would fail every further question, and a failure
    /// of the database is not the stage's.
    #[must_use]
    pub const fn ends_the_run(&self) -> bool {
        matches!(self, Self::Configuration(_) | Self::Store(_))
    }
}

/// A failure below the core, which passes it on without a look at it.
#[derive(Clone, Debug)]
pub struct Fault(Arc<dyn Error + Send + Sync>);

impl Fault {
    /// Wraps a failure.
    #[must_use]
    pub fn new(failure: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(failure.into()))
    }

    /// The failure, if it is of this kind.
    #[must_use]
    pub fn get<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Fault {}
