-- commit_superseded: marks facts as replaced by new ones
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
update memory_facts as f
set is_active = false, superseded_by = s.value ->> 'by'
from json_each(:rows) s
where f.id = s.value ->> 'id' and f.user_id = :user and f.is_active
