-- stage_figures: how often each stage ran and how long it took
-- :since   timestamptz   the earliest start of a run
-- :runs    bigint        the most runs to read
-- :most    bigint        the most stages
with sample as materialized (
  select
    id,
    started_at,
    case
      when jsonb_typeof(
          cast(result as jsonb) -> 'conversations'
        ) = 'array' then cast(result as jsonb) -> 'conversations'
      else '[]'
    end as list
  from job_executions
  where started_at >= :since
    -- [worked]
    and result #> '{conversations,0}' is not null
    -- [/worked]
  order by started_at desc
  limit :runs
), entries as (
  select sample.id as execution, sample.started_at, each.value as entry
  from sample
  cross join lateral jsonb_array_elements(sample.list) each
  where jsonb_typeof(each.value) = 'object'
), stages as (
  select
    substr(each.key, 1, 100) as stage,
    case when each.value ->> 'status' = 'success' then 0 else 1 end as failed,
    case
      when jsonb_typeof(each.value -> 'duration_ms') = 'number' then case
          when cast(each.value ->> 'duration_ms' as numeric) between 0 and 1e12 then cast(
              cast(each.value ->> 'duration_ms' as numeric) as double precision
            )
        end
    end as ms
  from entries
  cross join lateral jsonb_each(
    case when jsonb_typeof(entry -> 'stage_results') = 'object' then entry -> 'stage_results' else '{}' end
  ) each
  where jsonb_typeof(each.value) = 'object'
)
select
  stage,
  count(*) as count,
  cast(sum(failed) as bigint) as failures,
  coalesce(sum(ms), 0.0) as total_ms,
  coalesce(avg(ms), 0.0) as avg_ms,
  coalesce(max(case when place = (timed * 50 + 99) / 100 then ms end), 0.0) as p50_ms,
  coalesce(max(case when place = (timed * 95 + 99) / 100 then ms end), 0.0) as p95_ms,
  coalesce(max(ms), 0.0) as max_ms
from (
  select
    stage,
    failed,
    ms,
    count(ms) over (partition by stage) as timed,
    row_number() over (partition by stage order by ms nulls last) as place
  from stages
) ranked
group by stage
order by count(*) desc, stage
limit :most
