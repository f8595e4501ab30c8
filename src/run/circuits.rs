//! The providers' circuit breakers during a run: restored from the last run, probed once if open, and saved for the next run.
//!
//! ```text
//!   begin ─▶ read ─▶ open? ─▶ the right to probe? ─yes─▶ one small request ─▶ answered: on trial, one at a time
//!                               │ no                           └────────────▶ unavailable: open
//!                               ▼
//!                    no request, no claim
//! ```
//!
//! The language model is probed with a request of its own, so that an outage costs no conversation an attempt. Embeddings are
//! probed by the first batch that needs them, because facts can be stored without vectors.

use std::time::Duration;

use super::context::PipelineContext;
use super::error::RunError;
use crate::clock;
use crate::core::ask::{ModelAsk, NoAnswer};
use crate::core::breaker::{BETWEEN_PROBES, Standing};
use crate::core::manner::Manner;
use crate::core::stages::StageName;
use crate::domain::ids::ExecutionId;
use crate::domain::result::Learnt;
use crate::providers::call::{Call, Meter};
use crate::providers::remote::Remote;
use crate::store::{Result, Store};

/// The timeout of a probe.
const PROBE_TIME: Duration = Duration::from_secs(10);

/// The breakers of a run, with their state in the database.
pub struct Circuits<'a> {
    pipeline: &'a PipelineContext,
    store: &'a Store,
    kept: Vec<(Standing, Manner)>,
}

impl<'a> Circuits<'a> {
    /// Restores the breakers. `execution` takes the right to probe an open one, unless another run has it.
    pub async fn begin(pipeline: &'a PipelineContext, store: &'a Store, execution: ExecutionId) -> Result<Self> {
        let mut circuits = Self { pipeline, store, kept: Vec::new() };
        for remote in circuits.remotes() {
            let (standing, manner) = store.breaker(&remote.key(), &remote.address(), &remote.model).await?;
            let may_probe = standing.open && store.take_probe(&remote.key(), execution, BETWEEN_PROBES).await?;
            remote.restore(standing, may_probe);
            let manner = manner.unwrap_or_default();
            remote.adopt(manner.clone());
            circuits.kept.push((standing, manner));
        }
        Ok(circuits)
    }

    /// Probes the language model if its breaker is open and this run has the right to probe it.
    ///
    /// # Errors
    /// If the provider rejects the key or the model's name.
    pub async fn probe(&mut self, meter: &Meter) -> Result<(), RunError> {
        let Some(remote) = self.pipeline.providers.language_model() else { return Ok(()) };
        if !remote.standing().open || remote.is_open() {
            return Ok(());
        }
        let deadline = clock::start() + PROBE_TIME.min(self.pipeline.timeout);
        let call = Call { stage: StageName::Extraction, deadline, meter };
        let ask = ModelAsk::Summarise { instructions: "Reply with the word: here", transcript: "user: hello".into() };
        let asked = tokio::time::timeout_at(deadline.into(), self.pipeline.providers.ask(call, &ask)).await;
        tracing::info!(provider = %remote, answered = !remote.standing().open, "open circuit probed");
        self.keep_all().await?;
        match asked {
            Ok(Err(NoAnswer::Configuration(why))) => Err(RunError::Configuration(why)),
            _ => Ok(()),
        }
    }

    /// Whether the language model's breaker is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pipeline.providers.language_model().is_some_and(|remote| remote.standing().open)
    }

    /// Whether the language model's breaker is on trial, so that conversations should be processed one at a time.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.pipeline.providers.language_model().is_some_and(Remote::is_on_trial)
    }

    /// Saves the breakers if one has opened or closed.
    pub async fn keep(&mut self) -> Result<()> {
        let turned = |(remote, (kept, _)): (&Remote, &(Standing, Manner))| remote.standing().open != kept.open;
        if self.remotes().zip(&self.kept).any(turned) { self.keep_all().await } else { Ok(()) }
    }

    /// Saves every change.
    pub async fn keep_all(&mut self) -> Result<()> {
        let remotes: Vec<_> = self.remotes().collect();
        for (remote, kept) in remotes.into_iter().zip(&mut self.kept) {
            let (standing, manner) = (remote.standing(), remote.manner());
            if standing != kept.0 {
                if standing.open != kept.0.open {
                    tracing::warn!(provider = %remote, open = standing.open, "circuit opened or closed");
                }
                self.store.keep_breaker(&remote.key(), standing).await?;
                kept.0 = standing;
            }
            if manner != kept.1 {
                self.store.keep_lessons(&remote.address(), &remote.model, &manner).await?;
                kept.1 = manner;
            }
        }
        Ok(())
    }

    /// Which servers need other requests than usual, and how these differ, for the result.
    #[must_use]
    pub fn learnt(&self) -> Vec<Learnt> {
        let lesson = |remote: &Remote| {
            let asked = remote.manner().words();
            (!asked.is_empty()).then(|| Learnt {
                port: remote.port.as_str().to_owned(),
                provider: remote.to_string(),
                model: remote.model.clone(),
                asked,
            })
        };
        self.remotes().filter_map(lesson).collect()
    }

    fn remotes(&self) -> impl Iterator<Item = &'a Remote> + use<'a> {
        let providers = &self.pipeline.providers;
        providers.language_model().into_iter().chain(providers.embeddings())
    }
}
