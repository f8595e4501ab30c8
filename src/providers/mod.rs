//! Language models and embeddings (spec 05): the two ports, and what stands behind them.

use std::time::Duration;

use crate::core::ask::{Answer, ModelAsk, NoAnswer};
use crate::core::stages::{StageError, StageName};

pub mod call;
pub mod local;
pub mod rehearsal;
pub mod remote;

use call::Call;
use rehearsal::Rehearsal;
use remote::Remote;

/// The providers of a run.
#[derive(Debug, Default)]
pub struct Providers {
    rehearsal: Rehearsal,
}

impl Providers {
    /// The offline providers, which need no key.
    #[must_use]
    pub const fn local(rehearsal: Rehearsal) -> Self {
        Self { rehearsal }
    }

    /// Asks the language model.
    ///
    /// # Errors
    /// [`NoAnswer::NotOffered`] for enrichment, which the local model leaves alone.
    pub async fn ask(&self, _call: Call<'_>, ask: &ModelAsk) -> Result<Answer, NoAnswer> {
        self.take_its_time().await;
        match ask {
            ModelAsk::Extract { transcript, .. } => Ok(Answer::Json(local::extract(transcript))),
            ModelAsk::Summarise { transcript, .. } => Ok(Answer::Text(local::summarise(transcript))),
            ModelAsk::Enrich { .. } => Err(NoAnswer::NotOffered),
        }
    }

    /// Asks for one vector a text.
    ///
    /// # Errors
    /// None from the local embeddings.
    pub async fn embed(&self, _call: Call<'_>, texts: &[String]) -> Result<Answer, NoAnswer> {
        self.take_its_time().await;
        Ok(Answer::Vectors(texts.iter().map(|text| local::embed(text)).collect()))
    }

    /// The language model's server; none where the model is local, and costs nothing.
    #[must_use]
    pub const fn language_model(&self) -> Option<&Remote> {
        None
    }

    /// The embeddings' server; none where they are local.
    #[must_use]
    pub const fn embeddings(&self) -> Option<&Remote> {
        None
    }

    /// Plays the failure that is rehearsed for this stage, if one is.
    ///
    /// # Errors
    /// The rehearsed one.
    pub async fn rehearse(&self, stage: StageName) -> Result<(), StageError> {
        self.rehearsal.play(stage).await
    }

    async fn take_its_time(&self) {
        if self.rehearsal.latency > Duration::ZERO {
            tokio::time::sleep(self.rehearsal.latency).await;
        }
    }
}
