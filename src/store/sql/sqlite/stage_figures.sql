-- stage_figures: how often each stage ran and how long it took
-- :since   text      the earliest start of a run
-- :runs    integer   the most runs to read
-- :most    integer   the most stages
with sample as materialized (
  select
    id,
    started_at,
    case
      when json_type(result, '$.conversations') = 'array' then json_extract(result, '$.conversations')
      else '[]'
    end as list
  from job_executions
  where started_at >= :since
    -- [worked]
    and case when json_valid(result) then json_type(result, '$.conversations[0]') end is not null
    -- [/worked]
  order by started_at desc
  limit :runs
), entries as (
  select
    sample.id as execution,
    sample.started_at,
    case when each.type = 'object' then each.value else '{}' end as entry
  from sample
  join json_each(sample.list) each
), results as (
  select
    substr(each.key, 1, 100) as stage,
    case when each.type = 'object' then each.value else '{}' end as detail
  from entries
  join json_each(
    case
      when json_type(entry, '$.stage_results') = 'object' then json_extract(entry, '$.stage_results')
      else '{}'
    end
  ) each
  where each.type = 'object'
), stages as (
  select
    stage,
    case when json_extract(detail, '$.status') = 'success' then 0 else 1 end as failed,
    case
      when json_type(detail, '$.duration_ms') in ('integer', 'real')
        and json_extract(detail, '$.duration_ms') between 0 and 1e12 then cast(
              json_extract(detail, '$.duration_ms') as real
            )
    end as ms
  from results
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
