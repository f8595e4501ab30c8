-- facts_without_vector: the oldest facts that wait for their vector
-- :before text     those whose text was set aside later are passed over
-- :most   bigint   at most so many
select id, user_id, fact, created_at
from (
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and not is_active and metadata ->> 'awaiting_vector' = 'true'
  union all
  -- Of a version that knew no waiting.
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and is_active
) waiting
where user_id is not null
  and trim(fact) <> ''
  and created_at is not null
  -- [tried]
  and coalesce(metadata ->> 'set_aside_at', '') < :before
  -- [/tried]
order by created_at, id
limit :most
