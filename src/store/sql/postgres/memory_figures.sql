-- memory_figures: the facts and tokens that the newest runs since a time report
-- :since timestamptz   the earliest start of a run
-- :runs  bigint        the most runs to read
with sample as materialized (
  select cast(result as jsonb) as result
  from job_executions
  where started_at >= :since
    and result #> '{conversations,0}' is not null
  order by started_at desc
  limit :runs
), counts as (
  -- Ignores implausibly large numbers.
  select
    case when jsonb_typeof(result -> 'facts') = 'number' then cast(result ->> 'facts' as numeric) end as facts,
    case when jsonb_typeof(result -> 'unsupported_facts') = 'number' then cast(result ->> 'unsupported_facts' as numeric) end
      as unsupported,
    (
      select sum(cast(stage.value ->> 'input' as numeric))
      from jsonb_each(case when jsonb_typeof(result -> 'stage_tokens') = 'object' then result -> 'stage_tokens' else '{}' end) stage
      where jsonb_typeof(stage.value -> 'input') = 'number'
    ) as input,
    (
      select sum(cast(stage.value ->> 'cached' as numeric))
      from jsonb_each(case when jsonb_typeof(result -> 'stage_tokens') = 'object' then result -> 'stage_tokens' else '{}' end) stage
      where jsonb_typeof(stage.value -> 'cached') = 'number'
    ) as cached
  from sample
)
select
  cast(coalesce(sum(facts) filter (where facts between 0 and 1e9), 0) as bigint) as facts,
  cast(coalesce(sum(unsupported) filter (where unsupported between 0 and 1e9), 0) as bigint) as unsupported,
  cast(coalesce(sum(input) filter (where input between 0 and 1e12), 0) as bigint) as input,
  cast(coalesce(sum(cached) filter (where cached between 0 and 1e12), 0) as bigint) as cached
from counts
