-- snapshot_touchpoints: proactive messages, at most the latest fifty per player
-- :users text, a JSON list   players
select
  user_id,
  trigger_context,
  delivered,
  skipped,
  delivery_at
from (
  select
    user_id, trigger_context, delivery_at,
    coalesce(delivered, false) as delivered,
    coalesce(skipped, false) as skipped,
    row_number() over (partition by user_id order by delivery_at desc, id) as place
  from scheduled_touchpoints
  where delivery_at is not null
    and user_id in (select value from json_each(:users))
) latest
where place <= 50
