//! What is known of model providers between runs (spec 05): a breaker for each that was unavailable at some time, and what was learnt
//! of how a server wants to be asked.
//!
//! Written and judged on the database's clock. A host that overwrites another's row costs a probe too many at worst.

use std::time::Duration;

use super::codec::DbId;
use super::session::{execute, fetch_one};
use super::{Result, Store, sql};
use crate::core::breaker::Standing;
use crate::core::manner::Manner;
use crate::domain::ids::ExecutionId;

/// What another version has learnt is learnt anew.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Store {
    /// How an earlier run left a provider's breaker, closed where none has complained; and how the server at this address wants to be
    /// asked for this model, where that was learnt within a day by this version.
    pub async fn breaker(&self, provider: &str, address: &str, model: &str) -> Result<(Standing, Option<Manner>)> {
        let mut tx = self.autocommit().await?;
        let (failures, open, manner): (i32, bool, Option<String>) =
            fetch_one!(&mut tx, _, sql::BREAKER, self.now_parameter(), provider, address, model, VERSION);
        tx.commit().await?;
        let standing = Standing { failures: u32::try_from(failures).unwrap_or_default(), open };
        Ok((standing, manner.and_then(|text| serde_json::from_str(&text).ok())))
    }

    /// Keeps how a server wants to be asked.
    pub async fn keep_lessons(&self, address: &str, model: &str, manner: &Manner) -> Result<()> {
        let text = serde_json::to_string(manner).unwrap_or_else(|_| "{}".to_owned());
        let mut tx = self.begin_write().await?;
        execute!(&mut tx, sql::KEEP_LESSONS, self.now_parameter(), address, model, VERSION, text);
        tx.commit().await?;
        Ok(())
    }

    /// Takes the right to probe an open breaker: one run has it, and the next one not before `distance` is over.
    pub async fn take_probe(&self, provider: &str, execution: ExecutionId, distance: Duration) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let taken = execute!(
            &mut tx,
            sql::TAKE_PROBE,
            self.now_parameter(),
            provider,
            DbId::from(execution),
            distance.as_secs_f64()
        );
        tx.commit().await?;
        Ok(taken == 1)
    }

    /// Keeps how a breaker stands. Where it was open already, it is open since then.
    pub async fn keep_breaker(&self, provider: &str, standing: Standing) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let failures = i32::try_from(standing.failures).unwrap_or(i32::MAX);
        execute!(&mut tx, sql::KEEP_BREAKER, self.now_parameter(), provider, failures, standing.open);
        tx.commit().await?;
        Ok(())
    }
}
