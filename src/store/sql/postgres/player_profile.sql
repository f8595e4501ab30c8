-- player_profile: what the application knows about players
-- :users uuid[]   players
-- needs: user_profiles
-- Returns whole rows, because the application keeps adding columns.
select t.id::text as user_id, (to_jsonb(t))::text as known
from user_profiles t
where t.id = any((select :users::uuid[])::uuid[])
