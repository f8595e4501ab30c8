-- facts_without_vector: the oldest facts without a vector
-- :before text     ignore facts whose text was set aside later
-- :most   bigint   the most rows
select id, user_id, fact, created_at
from (
  select id, user_id, fact, created_at, metadata
  from memory_facts
  where embedding is null and not is_active and metadata ->> 'awaiting_vector' = 'true'
  union all
  -- Stored by an older version, which had no mark for waiting facts.
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
