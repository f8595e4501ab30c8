-- demo_known: the demo's players for whom she has a mood
-- needs: demo_players
select
  u.id as user_id,
  d.name,
  u.chapter,
  e.arousal,
  e.valence,
  e.dominance,
  e.intimacy,
  cast(coalesce(u.conflict_details ->> 'temperature', 0) as real) as temperature,
  coalesce(u.conflict_details ->> 'zone', 'calm') as zone
from users u
join demo_players d on d.user_id = u.id
join nikita_emotional_states e on e.user_id = u.id
