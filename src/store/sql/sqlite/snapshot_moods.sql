-- snapshot_moods: her mood as last stored
-- :users text, a JSON list   players
select
  user_id,
  arousal,
  valence,
  dominance,
  intimacy
from (
  select
    user_id, arousal, valence, dominance, intimacy,
    row_number() over (partition by user_id order by last_updated desc, state_id desc) as place
  from nikita_emotional_states
  where user_id in (select value from json_each(:users))
) latest
where place = 1
