-- player_backstory: how players and she have met
-- :users uuid[]   players
-- needs: user_backstories
-- A row whole, because the application adds columns as it goes.
select t.user_id::text as user_id, (to_jsonb(t))::text as known
from user_backstories t
where t.user_id = any((select :users::uuid[])::uuid[])
