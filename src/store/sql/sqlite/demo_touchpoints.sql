-- demo_touchpoints: scheduled messages, the next one first
-- needs: demo_players
select
  d.name,
  case t.trigger_context ->> 'event_type' when 'decay_warning' then 'decay warning' else t.trigger_type end,
  t.delivery_at,
  t.message_content
from scheduled_touchpoints t
join demo_players d on d.user_id = t.user_id
where not t.delivered
  and not t.skipped
order by t.delivery_at, d.name
