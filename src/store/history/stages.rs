//! Figures of the stages, and the slowest conversations.

use chrono::{DateTime, Utc};

use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::fetch_all;
use crate::store::{Result, Store, sql};

/// The most stages to list. There are nine, but another program can name others.
const MOST_STAGES: i64 = 50;

/// The runs that the figures come from: the newest `runs` with conversations since `since`.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The earliest start of a run.
    pub since: DateTime<Utc>,
    /// The most runs to read.
    pub runs: i64,
}

row! {
    /// What a stage did in a sample. Times are in milliseconds, percentiles by nearest rank.
    #[derive(Clone, Debug, PartialEq)]
    pub struct StageFigures {
        /// Its name, which can be another program's.
        pub stage: String,
        /// How often it ran.
        pub count: i64,
        /// How often it failed.
        pub failures: i64,
        /// The sum of its times.
        pub total_ms: f64,
        /// The mean.
        pub avg_ms: f64,
        /// Half of its times are at most this.
        pub p50_ms: f64,
        /// 95 in 100 of its times are at most this.
        pub p95_ms: f64,
        /// The longest.
        pub max_ms: f64,
    }
}

row! {
    /// A conversation, by how long it took.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Slow {
        /// Its id.
        pub conversation: String,
        /// Its outcome.
        pub status: String,
        /// How long it took, in milliseconds.
        pub total_ms: f64,
        /// The run that processed it.
        pub execution: String,
    }
}

impl Store {
    /// What each stage did, the most frequent first; at most 50 stages.
    pub async fn stage_figures(&self, sample: &Sample) -> Result<Vec<StageFigures>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<StageFigures> =
            fetch_all!(&mut tx, _, sql::STAGE_FIGURES, DbTime(sample.since), sample.runs, MOST_STAGES);
        tx.rollback().await?;
        Ok(rows)
    }

    /// The slowest conversations, at most `most`.
    pub async fn slowest_conversations(&self, sample: &Sample, most: i64) -> Result<Vec<Slow>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<Slow> =
            fetch_all!(&mut tx, _, sql::SLOWEST_CONVERSATIONS, DbTime(sample.since), sample.runs, most);
        tx.rollback().await?;
        Ok(rows)
    }
}
