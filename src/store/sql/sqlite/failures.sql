-- failures: conversations that failed or are waiting for a retry, the latest first
-- :since   text   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :most    bigint   the most rows
select
  cast(c.id as text) as id,
  cast(c.user_id as text) as player,
  cast(c.status as text) as status,
  cast(coalesce(c.processing_attempts, 0) as bigint) as attempts,
  c.next_attempt_at,
  c.last_error,
  c.updated_at
from conversations c
where
  -- [failing]
  (c.status = 'failed'
   or (c.status = 'active'
       and c.last_error is not null
       and (coalesce(c.processing_attempts, 0) > 0 or c.next_attempt_at is not null)))
  -- [/failing]
  -- [chosen]
  and c.updated_at >= coalesce(:since, '')
  and (:error is null or instr(c.last_error, :error) > 0)
  and (:stage is null or c.last_error like :stage || ': %')
  -- [/chosen]
order by c.updated_at desc
limit :most
