-- facts_without_vector: the oldest active facts that wait for their vector
-- :before text      those whose text was set aside later are passed over
-- :most   integer   at most so many
select id, user_id, fact, created_at
from memory_facts
where embedding is null
  and is_active
  -- Ids that we could not match again are left alone: their vectors would be paid for at every run.
  and length(id) = 36
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
