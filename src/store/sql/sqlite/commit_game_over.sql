-- commit_game_over: inserts a history row for a game that this conversation ends
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
-- :base text, JSON   the result of conflict_base; null: the game does not end
insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at)
select
  p.value ->> '$.ends.id',
  u.id,
  coalesce(u.relationship_score, 0),
  coalesce(u.chapter, 0),
  p.value ->> '$.ends.event_type',
  p.value -> '$.ends.details',
  :now
from json_each(:rows) p, users u
where u.id = :user and u.game_status = 'active' and p.value ->> '$.ends.id' is not null and :base is not null
