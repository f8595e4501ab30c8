-- commit_old_prompts: makes the replaced prompts no longer current
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
update ready_prompts as r
set is_current = false
from json_each(:rows) p
where r.user_id = :user and r.platform = p.value ->> 'platform' and r.is_current
