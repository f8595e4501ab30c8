//! Runs, costs and outcomes in spans of time.

use chrono::{DateTime, Utc};

use super::{MOST_JOBS, names, worked};
use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::fetch_all;
use crate::store::{Result, Store};

/// How finely time is cut, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// By days: `2026-11-22`.
    Day,
    /// By hours: `2026-11-22T05`.
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

    /// A span as the database names it.
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
        /// How many began in it.
        pub total: i64,
        /// Of them completed.
        pub completed: i64,
        /// Of them failed; the rest is running.
        pub failed: i64,
        /// What they cost, in US dollars.
        pub cost_usd: f64,
    }
}

row! {
    /// What the runs within a span report about conversations.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Outcomes {
        /// The span's name.
        pub span: String,
        /// How many runs report any.
        pub runs: i64,
        /// Processed, `partial` and `skipped` included.
        pub processed: i64,
        /// Of them partial successes.
        pub partial: i64,
        /// Of them closed unread.
        pub skipped: i64,
        /// To be tried again.
        pub retrying: i64,
        /// Given up.
        pub failed: i64,
        /// Given back.
        pub released: i64,
    }
}

impl Outcomes {
    /// How many attempts say something about the pipeline, and how many of them went well.
    #[must_use]
    pub const fn judged(&self) -> (i64, i64) {
        let well = self.processed - self.skipped;
        (well + self.retrying + self.failed, well)
    }
}

/// The span that a row belongs to.
macro_rules! span {
    (pg, $width:literal) => {
        concat!("substr(to_char(e.started_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24'), 1, ", $width, ")")
    };
    (sqlite, $width:literal) => {
        concat!("substr(e.started_at, 1, ", $width, ")")
    };
}

/// A counter of the result; 0 where there is none, or no believable one.
macro_rules! counter {
    (pg, $name:literal) => {
        concat!(
            "coalesce(sum(case when jsonb_typeof(result -> '",
            $name,
            "') = 'number' then case when cast(result ->> '",
            $name,
            "' as numeric) between 0 and 1e9 \
                  then cast(cast(result ->> '",
            $name,
            "' as numeric) as bigint) end end), 0)"
        )
    };
    (sqlite, $name:literal) => {
        concat!(
            "sum(case when json_type(result, '$.",
            $name,
            "') = 'integer' \
                   and json_extract(result, '$.",
            $name,
            "') between 0 and 1000000000 \
                  then json_extract(result, '$.",
            $name,
            "') else 0 end)"
        )
    };
}

/// The outcomes since $2 by spans of $1 characters, of these rows.
macro_rules! outcomes {
    ($dialect:ident, $rows:expr) => {
        concat!(
            "select ",
            span!($dialect, "$1"),
            " as span, count(*) as runs, \
                 cast(",
            counter!($dialect, "processed"),
            " as bigint) as processed, \
                 cast(",
            counter!($dialect, "partial"),
            " as bigint) as partial, \
                 cast(",
            counter!($dialect, "skipped"),
            " as bigint) as skipped, \
                 cast(",
            counter!($dialect, "retrying"),
            " as bigint) as retrying, \
                 cast(",
            counter!($dialect, "failed"),
            " as bigint) as failed, \
                 cast(",
            counter!($dialect, "released"),
            " as bigint) as released \
             from (",
            $rows,
            ") e group by 1 order by 1"
        )
    };
}

/// The runs since $3 by spans of $2 characters, of at most $1 jobs.
macro_rules! runs {
    ($dialect:ident, $of_job:literal) => {
        concat!(
            names!(),
            ", spans as (\
                 select ",
            span!($dialect, "$2"),
            " as span, jobs.job_name, cast(e.status as text) as status, e.duration_ms, e.cost_usd \
                 from jobs ",
            $of_job,
            ") \
             select span, cast(job_name as text) as job, count(*) as total, \
                 cast(sum(case when status = 'completed' then 1 else 0 end) as bigint) as completed, \
                 cast(sum(case when status = 'failed' then 1 else 0 end) as bigint) as failed, \
                 cast(coalesce(sum(cost_usd), 0) as double precision) as cost_usd \
             from spans group by span, job_name order by span, job_name"
        )
    };
}

impl Store {
    /// The runs since `since`, by span and job.
    pub async fn runs_by_span(&self, since: DateTime<Utc>, grain: Grain) -> Result<Vec<Runs>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            // `offset 0` keeps the planner from joining by a look at every row there is.
            runs!(
                pg,
                "cross join lateral (select * from job_executions x \
                     where x.job_name = jobs.job_name and x.started_at >= $3 offset 0) e"
            ),
            runs!(sqlite, "join job_executions e on e.job_name = jobs.job_name and e.started_at >= $3"),
        );
        let rows: Vec<Runs> = fetch_all!(&mut tx, _, sql, MOST_JOBS, grain.width(), DbTime(since));
        tx.rollback().await?;
        Ok(rows)
    }

    /// What the runs since `since` report about conversations, by span.
    pub async fn outcomes_by_span(&self, since: DateTime<Utc>, grain: Grain) -> Result<Vec<Outcomes>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            outcomes!(
                pg,
                concat!(
                    "select started_at, cast(result as jsonb) as result from job_executions where started_at >= $2 and ",
                    worked!(pg)
                )
            ),
            outcomes!(
                sqlite,
                concat!("select started_at, result from job_executions where started_at >= $2 and ", worked!(sqlite))
            ),
        );
        let rows: Vec<Outcomes> = fetch_all!(&mut tx, _, sql, grain.width(), DbTime(since));
        tx.rollback().await?;
        Ok(rows)
    }
}
