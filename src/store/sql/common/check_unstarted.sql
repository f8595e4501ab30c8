-- check_unstarted: conversations that have used attempts but were never started
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, cast(c.processing_attempts as text) || ' attempts, never started' as found
from conversations c
where c.status = 'active' and c.processing_attempts > 0
  and c.processing_started_at is null and c.last_error is null
  and not exists (
      -- [foreign_pipeline]
      select 1 from job_executions f where f.job_name = 'process-conversations' and f.heartbeat_at is null
      -- [/foreign_pipeline]
  )
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
