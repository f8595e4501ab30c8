-- snapshot_threads: open threads, the newest first
-- :users       text, a JSON list   players
-- :own_threads text, a JSON list   likewise
-- :most_notes  integer             the most threads and the most thoughts per player
select
  user_id,
  thread_type as kind,
  content,
  created_at as noted_at
from (
  select
    user_id, thread_type, content, created_at, id,
    row_number() over (partition by user_id order by created_at desc nulls last, id) as place
  from conversation_threads
  where status = 'open'
    and content is not null
    and id not in (select value from json_each(:own_threads))
    and user_id in (select value from json_each(:users))
) newest
where place <= :most_notes
order by created_at desc nulls last, id
