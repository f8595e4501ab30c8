//! A run's progress, for clients that poll its execution.

use serde_json::{Value, json};

use super::codec::{DbId, DbJson};
use super::session::execute;
use super::{Result, Store, sql};
use crate::domain::ids::ExecutionId;

impl Store {
    /// Writes a run's progress while its execution is running.
    pub async fn tell_progress(&self, execution: ExecutionId, progress: &Value) -> Result<()> {
        let mut tx = self.autocommit().await?;
        execute!(&mut tx, sql::TELL_PROGRESS, DbId::from(execution), DbJson(json!({ "progress": progress })));
        tx.commit().await
    }
}
