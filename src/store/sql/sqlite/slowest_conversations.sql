-- slowest_conversations: the conversations that took longest
-- :since   text      the earliest start of a run
-- :runs    integer   the most runs to read
-- :most    integer   the most rows
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
)
select *
from (
  select
    coalesce(substr(cast(json_extract(entry, '$.conversation_id') as text), 1, 100), '') as conversation,
    coalesce(substr(cast(json_extract(entry, '$.status') as text), 1, 100), '') as status,
    case
      when json_type(entry, '$.total_duration_ms') in ('integer', 'real')
        and json_extract(entry, '$.total_duration_ms') between 0 and 1e12 then cast(
              json_extract(entry, '$.total_duration_ms') as real
            )
    end as total_ms,
    cast(execution as text) as execution
  from entries
) timed
where total_ms is not null
order by total_ms desc, conversation
limit :most
