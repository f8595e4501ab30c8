-- facts_without_vector: the oldest active facts that wait for their vector
-- :before text     those whose text was set aside later are passed over
-- :most   bigint   at most so many
select id, user_id, fact, created_at
from memory_facts
where embedding is null
  and is_active
  and user_id is not null
  and trim(fact) <> ''
  and created_at is not null
  -- [tried]
  and coalesce(metadata ->> 'set_aside_at', '') < :before
  -- [/tried]
order by created_at, id
limit :most
