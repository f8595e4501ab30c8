//! What the conversations of a run share.

use std::sync::Arc;
use std::time::Duration;

use crate::core::settings::StageSettings;
use crate::providers::Providers;
use crate::store::Store;

/// What every conversation of a run shares.
#[derive(Clone)]
pub struct PipelineContext {
    /// For questions about similar facts.
    pub store: Store,
    /// For questions to models.
    pub providers: Arc<Providers>,
    /// The stages' numbers and the template.
    pub settings: Arc<StageSettings>,
    /// The longest a conversation may take.
    pub timeout: Duration,
    /// The threads that conversations are worked on; none for that of the run itself.
    pub runtime: Option<tokio::runtime::Handle>,
}
