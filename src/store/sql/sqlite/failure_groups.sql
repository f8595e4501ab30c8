-- failure_groups: the errors of conversations that failed or are waiting for a retry, the most frequent first
-- :since   text   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :most    bigint   the most rows
select
  coalesce(c.last_error, 'no reason is known') as error,
  count(*) as many,
  count(*) filter (where c.status = 'failed') as failed,
  max(c.updated_at) as latest,
  min(cast(c.id as text)) as example
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
group by 1
order by 2 desc, 1
limit :most
