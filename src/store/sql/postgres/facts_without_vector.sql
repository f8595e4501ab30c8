-- facts_without_vector: the oldest active facts that wait for their vector
-- :most bigint   at most so many
select id, user_id, fact, created_at
from memory_facts
where embedding is null
  and is_active
  and user_id is not null
  and trim(fact) <> ''
  and created_at is not null
order by created_at, id
limit :most
