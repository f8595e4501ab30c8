-- commit_touchpoints: schedules a proactive message, unless one is pending
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
insert into scheduled_touchpoints (
  id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, skipped, created_at
)
select
  t.value ->> 'id',
  u.id,
  t.value ->> 'trigger_type',
  t.value -> 'trigger_context',
  t.value ->> 'message',
  t.value ->> 'delivery_at',
  false,
  false,
  :now
from json_each(:rows) t, users u
where u.id = :user
  and not exists (
    select 1
    from scheduled_touchpoints p
    where p.user_id = :user and not coalesce(p.delivered, false) and not coalesce(p.skipped, false)
  )
on conflict (id) do nothing
