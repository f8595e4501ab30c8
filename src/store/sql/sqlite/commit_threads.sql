-- commit_threads: stores new threads
-- :rows         text, JSON   rows of this table (commit/rows.rs)
-- :user         text         the player
-- :conversation text         the conversation
-- :now          text         the run's time
insert into conversation_threads (id, user_id, thread_type, content, source_conversation_id, status, created_at)
select t.value ->> 'id', :user, t.value ->> 'thread_type', t.value ->> 'content', :conversation, 'open', :now
from json_each(:rows) t
where true
on conflict (id) do update set content = excluded.content, created_at = excluded.created_at
