-- facts_with_vector: a player's active facts with their vectors
-- :user uuid   the player
select id, embedding::real[] as embedding
from memory_facts
where user_id = :user and is_active and embedding is not null
