-- demo_thoughts: thoughts that she has not used, the newest first
select user_id, content
from nikita_thoughts
where used_at is null
order by created_at desc, rowid desc
