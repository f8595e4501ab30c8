-- failure_groups: the errors of conversations that failed or are waiting for a retry, the most frequent first
-- :since   timestamptz   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :most    bigint   the most rows
with timed as (
  -- [timed]
  select
    c.id, c.user_id, c.status, c.processing_attempts, c.next_attempt_at, c.last_error, c.updated_at,
    c.updated_at as tried_at
  from conversations c
  where (:since::timestamptz is null and c.updated_at is not null) or c.updated_at >= :since::timestamptz
  union all
  -- Without a time of the last change, the next one that it has counts; without any, it is the oldest.
  select
    c.id, c.user_id, c.status, c.processing_attempts, c.next_attempt_at, c.last_error, c.updated_at,
    coalesce(c.processing_started_at, c.started_at)
  from conversations c
  where c.updated_at is null
    and (:since::timestamptz is null or coalesce(c.processing_started_at, c.started_at) >= :since::timestamptz)
  -- [/timed]
)
select
  coalesce(c.last_error, 'no reason is known') as error,
  count(*) as many,
  count(*) filter (where c.status = 'failed') as failed,
  max(c.updated_at) as latest,
  min(cast(c.id as text)) as example
from timed c
where
  -- [failing]
  (c.status = 'failed'
   or (c.status = 'active'
       and c.last_error is not null
       and (coalesce(c.processing_attempts, 0) > 0 or c.next_attempt_at is not null)))
  -- [/failing]
  -- [chosen]
  and (:error::text is null or position(:error::text in c.last_error) > 0)
  and (:stage::text is null or starts_with(c.last_error, :stage::text || ': '))
  -- [/chosen]
group by 1
order by 2 desc, 1
limit :most
