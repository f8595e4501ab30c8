-- decay_warnings: schedules the warnings of a chunk
-- :now           text      the run's time
-- :warn_below    integer   warn a player who falls below this, in hundredths of a point
-- :quiet_since   text      do not warn a player again who was warned since this
-- :quiet_until   text      or will be warned until this
-- :warning       text      the text
-- :warned_of     text      what the warning is about
-- needs: decay_owed
insert into scheduled_touchpoints (
  id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, skipped
)
select
  lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
  || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
  c.id,
  'event',
  json_object(
    'trigger_type', 'event',
    'event_type', 'decay_warning',
    'event_description', :warned_of,
    'chapter', c.chapter,
    'emotional_state', json('{}')
  ),
  :warning,
  :now,
  0,
  0
from temp.decay_owed c
where c.before >= :warn_below
  and c.before - c.amount < :warn_below
  and c.before > c.amount
  and c.telegram_id is not null
  and not
  -- [warned_lately]
  exists (
    select 1
    from scheduled_touchpoints t
    where t.user_id = c.id
      and t.delivery_at > :quiet_since
      and t.delivery_at < :quiet_until
      and case when json_valid(t.trigger_context) then t.trigger_context ->> 'event_type' end = 'decay_warning'
  )
  -- [/warned_lately]
