-- memory_figures: the facts and tokens that the newest runs since a time report
-- :since text      the earliest start of a run
-- :runs  integer   the most runs to read
with sample as materialized (
  select result
  from job_executions
  where started_at >= :since
    and json_valid(result)
    and json_type(result, '$.conversations[0]') is not null
  order by started_at desc
  limit :runs
), counts as (
  -- Ignores implausibly large numbers.
  select
    json_extract(result, '$.facts') as facts,
    json_extract(result, '$.unsupported_facts') as unsupported,
    (select sum(value) from json_tree(result, '$.stage_tokens') where key = 'input' and type = 'integer') as input,
    (select sum(value) from json_tree(result, '$.stage_tokens') where key = 'cached' and type = 'integer') as cached
  from sample
)
select
  coalesce(sum(case when typeof(facts) = 'integer' and facts between 0 and 1000000000 then facts end), 0) as facts,
  coalesce(sum(case when typeof(unsupported) = 'integer' and unsupported between 0 and 1000000000 then unsupported end), 0)
    as unsupported,
  coalesce(sum(case when input between 0 and 1000000000000 then input end), 0) as input,
  coalesce(sum(case when cached between 0 and 1000000000000 then cached end), 0) as cached
from counts
