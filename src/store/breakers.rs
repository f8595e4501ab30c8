//! Circuit breakers between runs (spec 05): a row for each provider that was unavailable at some time.
//!
//! Written and judged on the database's clock. A host that overwrites another's row costs a probe too many at worst.

use std::time::Duration;

use super::codec::DbId;
use super::session::{execute, fetch_optional};
use super::{Result, Store, sql};
use crate::core::breaker::Standing;
use crate::domain::ids::ExecutionId;

impl Store {
    /// How an earlier run left a provider's breaker; closed where none has complained.
    pub async fn breaker(&self, provider: &str) -> Result<Standing> {
        let mut tx = self.autocommit().await?;
        let row: Option<(i32, bool)> = fetch_optional!(
            &mut tx,
            _,
            "select failures, opened_at is not null from provider_breakers where provider = $1",
            provider
        );
        tx.commit().await?;
        let read = |(failures, open)| Standing { failures: u32::try_from(failures).unwrap_or_default(), open };
        Ok(row.map(read).unwrap_or_default())
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
