-- fill_vector: stores a fact's vector and its successor, unless either has changed
-- :fact          uuid      the fact
-- :user          uuid      the player
-- :vector        real[]    1536 numbers
-- :is_active     boolean   whether it stays active
-- :superseded_by uuid      the fact that replaces it; null: none
update memory_facts
set
  embedding = :vector,
  is_active = :is_active,
  superseded_by = :superseded_by,
  metadata = metadata::jsonb - 'awaiting_vector'
where id = :fact
  and user_id = :user
  and (is_active or metadata ->> 'awaiting_vector' = 'true')
  and embedding is null
  and (:superseded_by is null or exists (select 1 from memory_facts newer where newer.id = :superseded_by))
