//! The providers' circuit breakers over the length of a run: as the last run left them, probed once where they are open, and
//! kept for the next run.
//!
//! ```text
//!   begin ─▶ read ─▶ open? ─▶ the right to probe? ─yes─▶ one small question ─▶ answered: on trial, one at a time
//!                               │ no                            └────────────▶ unavailable: open
//!                               ▼
//!                    nothing is asked, nothing is claimed
//! ```
//!
//! A probe of the language model is a question of its own, so that an outage costs no conversation anything. Embeddings are
//! probed by the first batch that needs them: facts can do without.

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

/// The longest that a probe may take.
const PROBE_TIME: Duration = Duration::from_secs(10);

/// The breakers of a run, with what the database knows of them.
pub struct Circuits<'a> {
    pipeline: &'a PipelineContext,
    store: &'a Store,
    kept: Vec<(Standing, Manner)>,
}

impl<'a> Circuits<'a> {
    /// Sets the breakers as the last run left them. `execution` takes the right to probe an open one, if nobody else has.
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

    /// Probes the language model, if its breaker is open and it is this run's turn to.
    ///
    /// # Errors
    /// Where the provider says that the key or the model's name is wrong.
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

    /// Whether conversations would be turned away now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pipeline.providers.language_model().is_some_and(|remote| remote.standing().open)
    }

    /// Whether they had better come one by one.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.pipeline.providers.language_model().is_some_and(Remote::is_on_trial)
    }

    /// Writes down what has opened or closed.
    pub async fn keep(&mut self) -> Result<()> {
        let turned = |(remote, (kept, _)): (&Remote, &(Standing, Manner))| remote.standing().open != kept.open;
        if self.remotes().zip(&self.kept).any(turned) { self.keep_all().await } else { Ok(()) }
    }

    /// Writes down whatever has changed.
    pub async fn keep_all(&mut self) -> Result<()> {
        let remotes: Vec<_> = self.remotes().collect();
        for (remote, kept) in remotes.into_iter().zip(&mut self.kept) {
            let (standing, manner) = (remote.standing(), remote.manner());
            if standing != kept.0 {
                if standing.open != kept.0.open {
                    tracing::warn!(provider = %remote, open = standing.open, "circuit turned");
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

    /// How servers are asked otherwise than usual, for the result.
    #[must_use]
    pub fn learnt(&self) -> Vec<Learnt> {
        let told = |remote: &Remote| {
            let asked = remote.manner().words();
            (!asked.is_empty()).then(|| Learnt {
                port: remote.port.as_str().to_owned(),
                provider: remote.to_string(),
                model: remote.model.clone(),
                asked,
            })
        };
        self.remotes().filter_map(told).collect()
    }

    fn remotes(&self) -> impl Iterator<Item = &'a Remote> + use<'a> {
        let providers = &self.pipeline.providers;
        providers.language_model().into_iter().chain(providers.embeddings())
    }
}
