-- snapshot_decay: decay charged around the conversations
-- :users       text, a JSON list   players
-- :decay_since text                the first instant of decay
select
  user_id,
  recorded_at,
  case when json_valid(event_details) then event_details ->> '$.decay_amount' end as amount
from score_history
where event_type = 'decay'
  and recorded_at >= :decay_since
  and user_id in (select value from json_each(:users))
