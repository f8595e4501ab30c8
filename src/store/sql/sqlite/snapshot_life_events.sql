-- snapshot_life_events: what recently happened to her, the newest day first
-- :users        text, a JSON list   players
-- :events_since text                the first day of life events
select
  user_id,
  event_id,
  event_date as date,
  time_of_day,
  domain,
  event_type,
  description,
  emotional_impact,
  importance
from nikita_life_events
where event_date >= :events_since
  and user_id in (select value from json_each(:users))
order by
  event_date desc,
  case time_of_day when 'morning' then 1 when 'afternoon' then 2 when 'evening' then 3 else 4 end,
  event_id
