-- demo_threads: open threads, the newest first
select user_id, content
from conversation_threads
where status = 'open'
order by created_at desc, rowid desc
