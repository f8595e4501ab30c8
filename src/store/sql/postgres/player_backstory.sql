-- player_backstory: how players and she met
-- :users uuid[]   players
-- needs: user_backstories
-- Returns whole rows, because the application keeps adding columns.
select t.user_id::text as user_id, (to_jsonb(t))::text as known
from user_backstories t
where t.user_id = any((select :users::uuid[])::uuid[])
