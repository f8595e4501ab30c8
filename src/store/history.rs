//! Looking back: what `health`, `stats`, `status` and `report` read. Nothing here writes.
//!
//! Every read is bounded, by time or by a count, and goes by an index of migration 0005, so that a year of runs costs no more
//! than a week. Rows may be another program's: `result` may be null, or JSON of any shape, and a job may have any name.
//! What does not have the expected shape is passed over, inside SQL.

pub mod executions;
pub mod figures;
pub mod present;
pub mod spans;
pub mod stages;

/// The most jobs that are told apart. There are four; another program may give each run a name of its own.
const MOST_JOBS: i64 = 50;

/// The runs that met a conversation: word for word the condition of the index `job_executions_worked`.
macro_rules! worked {
    (pg) => {
        "result #> '{conversations,0}' is not null"
    };
    (sqlite) => {
        "case when json_valid(result) then json_type(result, '$.conversations[0]') end is not null"
    };
}

/// The newest $2 runs since $1 that met a conversation, and in `entries` what they say about each conversation.
///
/// In `entries`, `entry` is an object: JSON's own type on PostgreSQL, text on SQLite.
macro_rules! entries {
    (pg) => {
        concat!(
            "with sample as materialized (\
                 select id, started_at, \
                     case when jsonb_typeof(cast(result as jsonb) -> 'conversations') = 'array' \
                          then cast(result as jsonb) -> 'conversations' else '[]' end as list \
                 from job_executions where started_at >= $1 and ",
            $crate::store::history::worked!(pg),
            " order by started_at desc limit $2), \
             entries as (\
                 select sample.id as execution, sample.started_at, each.value as entry \
                 from sample cross join lateral jsonb_array_elements(sample.list) each \
                 where jsonb_typeof(each.value) = 'object')"
        )
    };
    (sqlite) => {
        concat!(
            "with sample as materialized (\
                 select id, started_at, \
                     case when json_type(result, '$.conversations') = 'array' \
                          then json_extract(result, '$.conversations') else '[]' end as list \
                 from job_executions where started_at >= $1 and ",
            $crate::store::history::worked!(sqlite),
            " order by started_at desc limit $2), \
             entries as (\
                 select sample.id as execution, sample.started_at, \
                     case when each.type = 'object' then each.value else '{}' end as entry \
                 from sample join json_each(sample.list) each)"
        )
    };
}

/// A number in a JSON object as a float, null where it is none or is out of all reason (a year of milliseconds is 3e10).
macro_rules! number {
    (pg, $object:literal, $name:literal) => {
        concat!(
            "case when jsonb_typeof(",
            $object,
            " -> '",
            $name,
            // Two cases, because PostgreSQL may evaluate both sides of an `and`.
            "') = 'number' then case when cast(",
            $object,
            " ->> '",
            $name,
            "' as numeric) between 0 and 1e12 \
                  then cast(cast(",
            $object,
            " ->> '",
            $name,
            "' as numeric) as double precision) end end"
        )
    };
    (sqlite, $object:literal, $name:literal) => {
        concat!(
            "case when json_type(",
            $object,
            ", '$.",
            $name,
            "') in ('integer', 'real') \
                   and json_extract(",
            $object,
            ", '$.",
            $name,
            "') between 0 and 1e12 \
                  then cast(json_extract(",
            $object,
            ", '$.",
            $name,
            "') as real) end"
        )
    };
}

/// A text in a JSON object, cut to 100 characters; empty where there is none.
macro_rules! word {
    (pg, $object:literal, $name:literal) => {
        concat!("coalesce(substr(", $object, " ->> '", $name, "', 1, 100), '')")
    };
    (sqlite, $object:literal, $name:literal) => {
        concat!("coalesce(substr(cast(json_extract(", $object, ", '$.", $name, "') as text), 1, 100), '')")
    };
}

/// The names of the jobs that have run, by one look into the index for each name, however many runs there are.
macro_rules! names {
    () => {
        "with recursive names (job_name) as (\
             select min(job_name) from job_executions \
             union all \
             select (select min(e.job_name) from job_executions e where e.job_name > n.job_name) \
             from names n where n.job_name is not null), \
         jobs as (select job_name from names where job_name is not null limit $1)"
    };
}

use {entries, names, number, word, worked};
