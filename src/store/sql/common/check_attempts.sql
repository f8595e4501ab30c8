-- check_attempts: conversations with more attempts than allowed, or a negative number
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, cast(c.processing_attempts as text) || ' attempts' as found
from conversations c
where c.processing_attempts not between 0 and 3
  and (c.claimed_at is not null or not exists (
      -- [foreign_pipeline]
      select 1 from job_executions f where f.job_name = 'process-conversations' and f.heartbeat_at is null
      -- [/foreign_pipeline]
  ))
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
