-- commit_mood: stores her mood in the latest row, or in the first
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
insert into nikita_emotional_states (
  state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, last_updated
)
select
  coalesce((
    select s.state_id
    from nikita_emotional_states s
    where s.user_id = :user
    order by s.last_updated desc, s.state_id desc
    limit 1
  ), :user),
  :user,
  m.value ->> 'arousal',
  m.value ->> 'valence',
  m.value ->> 'dominance',
  m.value ->> 'intimacy',
  m.value ->> 'conflict_state',
  :now
from json_each(:rows) m
where true
on conflict (state_id) do update set
  arousal = excluded.arousal,
  valence = excluded.valence,
  dominance = excluded.dominance,
  intimacy = excluded.intimacy,
  conflict_state = excluded.conflict_state,
  last_updated = excluded.last_updated
