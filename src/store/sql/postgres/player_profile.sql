-- player_profile: what the application knows of players
-- :users uuid[]   players
-- needs: user_profiles
-- A row whole, because the application adds columns as it goes.
select t.id::text as user_id, (to_jsonb(t))::text as known
from user_profiles t
where t.id = any((select :users::uuid[])::uuid[])
