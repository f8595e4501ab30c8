-- facts_without_vector: the oldest facts that wait for their vector
-- :before text      those whose text was set aside later are passed over
-- :most   integer   at most so many
select id, user_id, fact, created_at
from (
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and not is_active and json_valid(metadata) and metadata ->> 'awaiting_vector' = 1
  union all
  -- Of a version that knew no waiting.
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and is_active
) waiting
  -- Ids that we could not match again are left alone: their vectors would be paid for at every run.
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
