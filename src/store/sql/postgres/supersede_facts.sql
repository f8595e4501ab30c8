-- supersede_facts: replaces facts by a new one
-- :fact uuid     the new one
-- :user uuid     the player
-- :old  uuid[]   the others
update memory_facts
set is_active = false, superseded_by = :fact
where user_id = :user and is_active and id = any(:old)
