-- commit_mood: stores her mood in the latest row, or in the first
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
-- :base text, JSON   the result of conflict_base; null: her state in the conflict stays
insert into nikita_emotional_states (
  state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, last_updated
)
select
  coalesce(s.state_id, :user),
  :user,
  coalesce(m.value ->> 'arousal', s.arousal, 0.5),
  coalesce(m.value ->> 'valence', s.valence, 0.5),
  coalesce(m.value ->> 'dominance', s.dominance, 0.5),
  coalesce(m.value ->> 'intimacy', s.intimacy, 0.5),
  coalesce(case when :base is not null then m.value ->> 'conflict_state' end, s.conflict_state, 'none'),
  :now
from json_each(:rows) m
left join nikita_emotional_states s on s.state_id = (
  select l.state_id
  from nikita_emotional_states l
  where l.user_id = :user
  order by l.last_updated desc, l.state_id desc
  limit 1
)
where true
on conflict (state_id) do update set
  arousal = excluded.arousal,
  valence = excluded.valence,
  dominance = excluded.dominance,
  intimacy = excluded.intimacy,
  conflict_state = excluded.conflict_state,
  last_updated = excluded.last_updated
