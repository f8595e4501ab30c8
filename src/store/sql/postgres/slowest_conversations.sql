-- slowest_conversations: the conversations that took longest
-- :since   timestamptz   the earliest start of a run
-- :runs    bigint        the most runs to read
-- :most    bigint        the most rows
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
)
select *
from (
  select
    coalesce(substr(entry ->> 'conversation_id', 1, 100), '') as conversation,
    coalesce(substr(entry ->> 'status', 1, 100), '') as status,
    case
      when jsonb_typeof(entry -> 'total_duration_ms') = 'number' then case
          when cast(entry ->> 'total_duration_ms' as numeric) between 0 and 1e12 then cast(
              cast(entry ->> 'total_duration_ms' as numeric) as double precision
            )
        end
    end as total_ms,
    cast(execution as text) as execution
  from entries
) timed
where total_ms is not null
order by total_ms desc, conversation
limit :most
