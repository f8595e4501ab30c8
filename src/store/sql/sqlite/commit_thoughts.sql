-- commit_thoughts: stores her thoughts
-- :rows         text, JSON   rows of this table (commit/rows.rs)
-- :user         text         the player
-- :conversation text         the conversation
-- :now          text         the run's time
insert into nikita_thoughts (id, user_id, thought_type, content, source_conversation_id, expires_at, created_at)
select
  t.value ->> 'id', :user, t.value ->> 'thought_type', t.value ->> 'content', :conversation, t.value ->> 'expires_at', :now
from json_each(:rows) t
where true
on conflict (id) do update set content = excluded.content, created_at = excluded.created_at
