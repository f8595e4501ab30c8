//! Runs, costs and outcomes by span of time.

use chrono::{DateTime, Utc};

use super::MOST_JOBS;
use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::fetch_all;
use crate::store::{Result, Store, sql};

/// The length of a span, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// A day: `2026-11-22`.
    Day,
    /// An hour: `2026-11-22T05`.
    Hour,
}

impl Grain {
    /// How many characters of an RFC 3339 time name the span.
    const fn width(self) -> i32 {
        match self {
            Self::Day => 10,
            Self::Hour => 13,
        }
    }

    /// A span's name, as in the database.
    #[must_use]
    pub fn name(self, at: DateTime<Utc>) -> String {
        at.format(if self == Self::Day { "%Y-%m-%d" } else { "%Y-%m-%dT%H" }).to_string()
    }
}

row! {
    /// The runs of a job within a span.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Runs {
        /// The span's name.
        pub span: String,
        /// The job.
        pub job: String,
        /// How many began in the span.
        pub total: i64,
        /// How many of them completed.
        pub completed: i64,
        /// How many of them failed; the rest is running.
        pub failed: i64,
        /// Their cost, in US dollars.
        pub cost_usd: f64,
    }
}

row! {
    /// What the runs within a span report about conversations.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Outcomes {
        /// The span's name.
        pub span: String,
        /// How many runs report conversations.
        pub runs: i64,
        /// Processed, `partial` and `skipped` included.
        pub processed: i64,
        /// Processed with partial success.
        pub partial: i64,
        /// Closed unread.
        pub skipped: i64,
        /// To be retried.
        pub retrying: i64,
        /// Failed.
        pub failed: i64,
        /// Released.
        pub released: i64,
    }
}

impl Outcomes {
    /// How many attempts count for the success rate, and how many of them succeeded.
    #[must_use]
    pub const fn judged(&self) -> (i64, i64) {
        let well = self.processed - self.skipped;
        (well + self.retrying + self.failed, well)
    }
}

impl Store {
    /// The runs since `since`, by span and job.
    pub async fn runs_by_span(&self, since: DateTime<Utc>, grain: Grain) -> Result<Vec<Runs>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<Runs> = fetch_all!(&mut tx, _, sql::RUNS_BY_SPAN, MOST_JOBS, grain.width(), DbTime(since));
        tx.rollback().await?;
        Ok(rows)
    }

    /// What the runs since `since` report about conversations, by span.
    pub async fn outcomes_by_span(&self, since: DateTime<Utc>, grain: Grain) -> Result<Vec<Outcomes>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<Outcomes> = fetch_all!(&mut tx, _, sql::OUTCOMES_BY_SPAN, grain.width(), DbTime(since));
        tx.rollback().await?;
        Ok(rows)
    }
}
