-- facts_with_vector: a player's active facts with their vectors
-- :user text   the player
select id, embedding as embedding
from memory_facts
where user_id = :user and is_active and embedding is not null
