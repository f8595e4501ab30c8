//! What runs remember about model providers (spec 05): a circuit breaker for each provider that has ever been unavailable, and the request
//! format that each server needs.
//!
//! Written and judged by the database's clock. If a host overwrites another's row, the worst result is one extra probe.

use std::time::Duration;

use super::codec::DbId;
use super::session::{execute, fetch_one};
use super::{Result, Store, sql};
use crate::core::breaker::Standing;
use crate::core::manner::Manner;
use crate::domain::ids::ExecutionId;

/// Lessons of other versions of this program are ignored.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Store {
    /// A provider's breaker as an earlier run left it, closed by default; and the request format that the server at this address needs for
    /// this model, if this version learned it within a day.
    pub async fn breaker(&self, provider: &str, address: &str, model: &str) -> Result<(Standing, Option<Manner>)> {
        let mut tx = self.autocommit().await?;
        let (failures, open, manner): (i32, bool, Option<String>) =
            fetch_one!(&mut tx, _, sql::BREAKER, self.now_parameter(), provider, address, model, VERSION);
        tx.commit().await?;
        let standing = Standing { failures: u32::try_from(failures).unwrap_or_default(), open };
        Ok((standing, manner.and_then(|text| serde_json::from_str(&text).ok())))
    }

    /// Stores the request format that a server needs.
    pub async fn keep_lessons(&self, address: &str, model: &str, manner: &Manner) -> Result<()> {
        let text = serde_json::to_string(manner).unwrap_or_else(|_| "{}".to_owned());
        let mut tx = self.begin_write().await?;
        execute!(&mut tx, sql::KEEP_LESSONS, self.now_parameter(), address, model, VERSION, text);
        tx.commit().await?;
        Ok(())
    }

    /// Takes the right to probe an open breaker. After one run has taken it, no other can for `distance`.
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

    /// Stores a breaker. One that was already open keeps the time since when it is open.
    pub async fn keep_breaker(&self, provider: &str, standing: Standing) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let failures = i32::try_from(standing.failures).unwrap_or(i32::MAX);
        execute!(&mut tx, sql::KEEP_BREAKER, self.now_parameter(), provider, failures, standing.open);
        tx.commit().await?;
        Ok(())
    }
}
