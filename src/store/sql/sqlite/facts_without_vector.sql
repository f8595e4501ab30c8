-- facts_without_vector: the oldest facts without a vector
-- :before text      ignore facts whose text was set aside later
-- :most   integer   the most rows
select id, user_id, fact, created_at
from (
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and not is_active and json_valid(metadata) and metadata ->> 'awaiting_vector' = 1
  union all
  -- Stored by an older version, which had no mark for waiting facts.
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and is_active
) waiting
  -- Passes over ids that we could not match again: their vectors would be paid for in every run.
where length(id) = 36
  and id not glob '*[^-0-9a-f]*'
  and length(user_id) = 36
  and user_id not glob '*[^-0-9a-f]*'
  and trim(fact) <> ''
  and created_at is not null
  -- [tried]
  and case when json_valid(metadata) then coalesce(metadata ->> '$.set_aside_at', '') else '' end < :before
  -- [/tried]
order by created_at, id
limit :most
