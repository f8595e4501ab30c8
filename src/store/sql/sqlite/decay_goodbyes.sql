-- decay_goodbyes: puts goodbyes into the outbox
-- :now       text   the run's time
-- :goodbye   text   the text
-- needs: decay_owed
insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at, status)
select
  lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
  || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
  id,
  'telegram',
  'decay_game_over',
  json_object('chat_id', telegram_id, 'text', :goodbye),
  :now,
  'pending'
from temp.decay_owed
where before = amount
  and notifications_enabled
  and telegram_id is not null
