//! Facts about a database, read once and cached.

use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

/// Shared by all copies of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The query with pgvector's operator; none if vectors are plain arrays or blobs.
    pub(super) near_facts: Arc<OnceCell<Option<String>>>,
    /// Which of the application's tables about players exist: profiles, backstories, psyches.
    pub(super) background: Arc<OnceCell<(bool, bool, bool)>>,
    /// The standby that answers.
    pub(super) standby: Arc<OnceLock<Role>>,
}

/// A read-only standby.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Host and port.
    pub server: String,
    /// Its lag behind the primary in seconds, as far as it knows; none if it has not replayed anything yet.
    pub lag_seconds: Option<f64>,
}
