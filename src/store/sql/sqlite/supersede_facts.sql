-- supersede_facts: replaces facts by a new one
-- :fact text                the new one
-- :user text                the player
-- :old  text, a JSON list   the others
update memory_facts
set is_active = false, superseded_by = :fact
where user_id = :user and is_active and id in (select value from json_each(:old))
