//! The state that all conversations of a run share.

use std::sync::Arc;
use std::time::Duration;

use crate::core::settings::StageSettings;
use crate::providers::Providers;
use crate::store::Store;

/// The state that all conversations of a run share.
#[derive(Clone)]
pub struct PipelineContext {
    /// Searches similar facts.
    pub store: Store,
    /// The models.
    pub providers: Arc<Providers>,
    /// The stages' numbers and the template.
    pub settings: Arc<StageSettings>,
    /// The timeout of a conversation.
    pub timeout: Duration,
    /// The runtime that processes conversations; `None` for the run's own.
    pub runtime: Option<tokio::runtime::Handle>,
}
