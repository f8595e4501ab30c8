//! The stages in a span of time, and the slowest conversations.

use chrono::{DateTime, Utc};

use super::{entries, number, word};
use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::fetch_all;
use crate::store::{Result, Store};

/// The most stages that are told apart. There are nine; another program may name others.
const MOST_STAGES: i64 = 50;

/// Which runs the figures come from: of those since `since` that met a conversation, the newest `runs`.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From when on.
    pub since: DateTime<Utc>,
    /// The most runs to read.
    pub runs: i64,
}

row! {
    /// What a stage did in a sample. Times are in milliseconds, percentiles by nearest rank.
    #[derive(Clone, Debug, PartialEq)]
    pub struct StageFigures {
        /// Its name, which may be another program's.
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
        /// How it came out.
        pub status: String,
        /// How long it took, in milliseconds.
        pub total_ms: f64,
        /// The run that took it.
        pub execution: String,
    }
}

/// The figures of each stage, of `stages (stage, failed, ms)`.
macro_rules! figures {
    () => {
        " select stage, count(*) as count, cast(sum(failed) as bigint) as failures, \
             coalesce(sum(ms), 0.0) as total_ms, coalesce(avg(ms), 0.0) as avg_ms, \
             coalesce(max(case when place = (timed * 50 + 99) / 100 then ms end), 0.0) as p50_ms, \
             coalesce(max(case when place = (timed * 95 + 99) / 100 then ms end), 0.0) as p95_ms, \
             coalesce(max(ms), 0.0) as max_ms \
         from (select stage, failed, ms, count(ms) over (partition by stage) as timed, \
                   row_number() over (partition by stage order by ms nulls last) as place from stages) ranked \
         group by stage order by count(*) desc, stage limit $3"
    };
}

impl Store {
    /// What each stage did, the most frequent first; at most 50 stages.
    pub async fn stage_figures(&self, sample: &Sample) -> Result<Vec<StageFigures>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(
                entries!(pg),
                ", stages as (\
                     select substr(each.key, 1, 100) as stage, \
                         case when each.value ->> 'status' = 'success' then 0 else 1 end as failed, ",
                number!(pg, "each.value", "duration_ms"),
                " as ms from entries cross join lateral jsonb_each(\
                     case when jsonb_typeof(entry -> 'stage_results') = 'object' then entry -> 'stage_results' else '{}' end) each \
                     where jsonb_typeof(each.value) = 'object')",
                figures!()
            ),
            concat!(
                entries!(sqlite),
                ", results as (\
                     select substr(each.key, 1, 100) as stage, \
                         case when each.type = 'object' then each.value else '{}' end as detail \
                     from entries join json_each(\
                     case when json_type(entry, '$.stage_results') = 'object' then json_extract(entry, '$.stage_results') \
                     else '{}' end) each where each.type = 'object'), \
                 stages as (\
                     select stage, case when json_extract(detail, '$.status') = 'success' then 0 else 1 end as failed, ",
                number!(sqlite, "detail", "duration_ms"),
                " as ms from results)",
                figures!()
            ),
        );
        let rows: Vec<StageFigures> = fetch_all!(&mut tx, _, sql, DbTime(sample.since), sample.runs, MOST_STAGES);
        tx.rollback().await?;
        Ok(rows)
    }

    /// The slowest conversations, at most `most`.
    pub async fn slowest_conversations(&self, sample: &Sample, most: i64) -> Result<Vec<Slow>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(
                entries!(pg),
                " select * from (select ",
                word!(pg, "entry", "conversation_id"),
                " as conversation, ",
                word!(pg, "entry", "status"),
                " as status, ",
                number!(pg, "entry", "total_duration_ms"),
                " as total_ms, cast(execution as text) as execution from entries) timed \
                 where total_ms is not null order by total_ms desc, conversation limit $3"
            ),
            concat!(
                entries!(sqlite),
                " select * from (select ",
                word!(sqlite, "entry", "conversation_id"),
                " as conversation, ",
                word!(sqlite, "entry", "status"),
                " as status, ",
                number!(sqlite, "entry", "total_duration_ms"),
                " as total_ms, cast(execution as text) as execution from entries) timed \
                 where total_ms is not null order by total_ms desc, conversation limit $3"
            ),
        );
        let rows: Vec<Slow> = fetch_all!(&mut tx, _, sql, DbTime(sample.since), sample.runs, most);
        tx.rollback().await?;
        Ok(rows)
    }
}
