-- player_psyche: her inner state towards players
-- :users uuid[]   players
-- needs: psyche_states
-- Returns whole rows, because the application keeps adding columns.
select t.user_id::text as user_id, (to_jsonb(t) -> 'state')::text as known
from psyche_states t
where t.user_id = any((select :users::uuid[])::uuid[])
