-- snapshot_players: the players themselves
-- :users text, a JSON list   players
select
  u.id,
  u.telegram_id,
  u.relationship_score,
  u.chapter,
  u.game_status,
  u.last_interaction_at,
  u.notifications_enabled,
  u.timezone,
  u.days_played,
  u.created_at,
  u.conflict_details,
  u.last_conflict_at,
  e.state as engagement_state,
  m.intimacy,
  m.passion,
  m.trust,
  m.secureness
from users u
left join user_metrics m on m.user_id = u.id
left join engagement_state e on e.user_id = u.id
where u.id in (select value from json_each(:users))
