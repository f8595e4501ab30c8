//! The facts and tokens that runs report.

use super::stages::Sample;
use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::fetch_one;
use crate::store::{Result, Store, sql};

row! {
    /// Sums over the runs of a sample.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct MemorySums {
        /// New facts.
        pub facts: i64,
        /// New facts whose quote is not in their transcript.
        pub unsupported: i64,
        /// Tokens sent.
        pub input: i64,
        /// Sent tokens that a provider read from its cache.
        pub cached: i64,
    }
}

impl Store {
    /// The facts and tokens that the runs of a sample report.
    pub async fn memory_sums(&self, sample: &Sample) -> Result<MemorySums> {
        let mut tx = self.begin_read().await?;
        let sums: MemorySums = fetch_one!(&mut tx, _, sql::MEMORY_FIGURES, DbTime(sample.since), sample.runs);
        tx.rollback().await?;
        Ok(sums)
    }
}
