//! What is found out about a database once, by the first who asks.

use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use super::role::Role;

/// Shared by all copies of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The query that uses pgvector's operator; none where vectors are plain arrays or blobs.
    pub(super) near_facts: Arc<OnceCell<Option<String>>>,
    /// Which of the application's tables about players are there: profiles, backstories, psyches.
    pub(super) background: Arc<OnceCell<(bool, bool, bool)>>,
    /// The standby that answers.
    pub(super) standby: Arc<OnceLock<Role>>,
}
