-- fill_vector: stores a fact's vector and its successor, unless either has changed
-- :fact          text      the fact
-- :user          text      the player
-- :vector        blob      1536 numbers
-- :is_active     integer   whether it stays active
-- :superseded_by text      the fact that replaces it; null: none
update memory_facts
set
  embedding = :vector,
  is_active = :is_active,
  superseded_by = :superseded_by,
  metadata = case when json_valid(metadata) then json_remove(metadata, '$.awaiting_vector') else metadata end
where id = :fact
  and user_id = :user
  and (is_active or case when json_valid(metadata) then metadata ->> 'awaiting_vector' = 1 end)
  and embedding is null
  and (:superseded_by is null or exists (select 1 from memory_facts newer where newer.id = :superseded_by))
