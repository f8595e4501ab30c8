//! Language models and embeddings (spec 05): the two ports and their implementations.
//!
//! ```text
//! Providers ─▶ LanguageModel ── local
//!           │                ├─ anthropic ─┐
//!           │                └─ openai ────┼─▶ endpoint: retries, pace, errors ─▶ http: one request
//!           └▶ EmbeddingModel ─ local      │
//!                            └─ embeddings ┘
//! ```
//!
//! `asker`, between the models and the endpoint, adapts requests to a server that refuses parts of them.

use std::time::Duration;

use crate::clock;
use crate::core::ask::{Answer, Embedded, ModelAsk, NoAnswer, Noted};
use crate::core::stages::StageName;
use crate::core::stages::step::StageError;

mod address;
pub mod anthropic;
pub mod asker;
mod body;
pub mod call;
mod chat;
pub mod embeddings;
pub mod endpoint;
pub mod http;
pub mod local;
pub mod openai;
mod pace;
pub mod question;
pub mod rehearsal;
pub mod remote;
pub mod retry_after;
pub mod vendor;

use anthropic::Anthropic;
use call::Call;
use embeddings::Embeddings;
use openai::OpenAi;
use question::{Broken, Completion, Question};
use rehearsal::Rehearsal;
use remote::Remote;

/// A language model.
#[derive(Debug)]
pub enum LanguageModel {
    /// The offline one.
    Local,
    /// A model of Anthropic's.
    Anthropic(Anthropic),
    /// A model of `OpenAI`'s or of a compatible server.
    OpenAi(OpenAi),
}

/// An embedding model.
#[derive(Debug)]
pub enum EmbeddingModel {
    /// The offline one.
    Local,
    /// A model of `OpenAI`'s or of a compatible server.
    OpenAi(Box<Embeddings>),
}

/// The providers of a run.
#[derive(Debug)]
pub struct Providers {
    language: LanguageModel,
    embeddings: EmbeddingModel,
    enrich: bool,
    rehearsal: Rehearsal,
}

impl Providers {
    /// The offline providers, which need no key.
    #[must_use]
    pub const fn local(rehearsal: Rehearsal) -> Self {
        Self::new(LanguageModel::Local, EmbeddingModel::Local, false, rehearsal)
    }

    /// Chosen providers; `enrich` tells whether the language model polishes prompts.
    #[must_use]
    pub const fn new(language: LanguageModel, embeddings: EmbeddingModel, enrich: bool, rehearsal: Rehearsal) -> Self {
        Self { language, embeddings, enrich, rehearsal }
    }

    /// Asks the language model. An invalid reply is sent back once, with what is wrong.
    ///
    /// # Errors
    /// [`NoAnswer::NotOffered`] for enrichment if it is switched off or the model is local; otherwise [`NoAnswer`] by spec 05's
    /// table. A provider that has not answered by the deadline is unavailable. Enrichment ends earlier, so that the stage still has
    /// time to continue without it, and then returns [`NoAnswer::InvalidReply`]: its replies are the longest, so a late one says
    /// nothing about the provider's health.
    pub async fn ask(&self, call: Call<'_>, ask: &ModelAsk) -> Result<Answer, NoAnswer> {
        self.take_its_time().await;
        if matches!(self.language, LanguageModel::Local) {
            return local_answer(ask);
        }
        if !matches!(ask, ModelAsk::Enrich { .. }) {
            return self.converse(call, ask).await;
        }
        if !self.enrich {
            return Err(NoAnswer::NotOffered);
        }
        let left = call.deadline.saturating_duration_since(clock::start());
        let deadline = clock::start() + left.mul_f64(0.8);
        let polished = self.converse(call, ask);
        let late = || Err(NoAnswer::InvalidReply("not polished in time".to_owned()));
        tokio::time::timeout_at(deadline.into(), polished).await.unwrap_or_else(|_| late())
    }

    async fn converse(&self, call: Call<'_>, ask: &ModelAsk) -> Result<Answer, NoAnswer> {
        let question = Question::from(ask);
        let model = self.language_model().map_or("local", |remote| remote.model.as_str());
        let (said, left_out) = self.complete(call, &question, None).await?;
        match question.check(said, model) {
            Ok(answer) => Ok(without(answer, left_out)),
            Err(broken) if matches!(question.form, question::Form::Text) => Err(broken.into()),
            Err(broken) => {
                tracing::info!(violation = broken.violation, "invalid reply, asking once more");
                let (said, left_out) = self.complete(call, &question, Some(&broken)).await?;
                Ok(without(question.check(said, model)?, left_out))
            }
        }
    }

    async fn complete(
        &self,
        call: Call<'_>,
        question: &Question<'_>,
        broken: Option<&Broken>,
    ) -> Result<(Completion, usize), NoAnswer> {
        match &self.language {
            LanguageModel::Local => Err(NoAnswer::NotOffered),
            LanguageModel::Anthropic(model) => model.complete(call, question, broken).await,
            LanguageModel::OpenAi(model) => model.complete(call, question, broken).await,
        }
    }

    /// Asks for one vector per text, for at most [`crate::core::ask::MOST_TEXTS`] texts.
    ///
    /// # Errors
    /// None from the local embeddings; else [`NoAnswer`] by spec 05's table.
    pub async fn embed(&self, call: Call<'_>, texts: &[String]) -> Result<Answer, NoAnswer> {
        self.take_its_time().await;
        Ok(Answer::Vectors(match &self.embeddings {
            EmbeddingModel::Local => texts.iter().map(|text| Embedded::Vector(local::embed(text))).collect(),
            EmbeddingModel::OpenAi(model) => model.embed(call, texts).await?,
        }))
    }

    /// The language model's server; `None` if the model is local.
    #[must_use]
    pub fn language_model(&self) -> Option<&Remote> {
        match &self.language {
            LanguageModel::Local => None,
            LanguageModel::Anthropic(model) => Some(model.remote()),
            LanguageModel::OpenAi(model) => Some(model.remote()),
        }
    }

    /// The embeddings' server; `None` if they are local.
    #[must_use]
    pub fn embeddings(&self) -> Option<&Remote> {
        match &self.embeddings {
            EmbeddingModel::Local => None,
            EmbeddingModel::OpenAi(model) => Some(model.remote()),
        }
    }

    /// Plays the failure that is rehearsed for this stage, if there is one.
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

/// The answer, with the number of oldest messages that were left out.
fn without(answer: Answer, left_out: usize) -> Answer {
    match answer {
        Answer::Notes(noted) => Answer::Notes(Box::new(Noted { left_out, ..*noted })),
        other => other,
    }
}

fn local_answer(ask: &ModelAsk) -> Result<Answer, NoAnswer> {
    match ask {
        ModelAsk::Extract { transcript, .. } => {
            let noted = Noted { notes: local::extract(transcript), model: "local".to_owned(), left_out: 0 };
            Ok(Answer::Notes(Box::new(noted)))
        }
        ModelAsk::Summarise { transcript, .. } => Ok(Answer::Text(local::summarise(transcript))),
        ModelAsk::Enrich { .. } => Err(NoAnswer::NotOffered),
    }
}
