-- failed_ids: the ids of failed conversations, in order
-- :since   timestamptz   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :after   text   only ids behind this one
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
select cast(c.id as text)
from timed c
where
  c.status = 'failed'
  -- [chosen]
  and (:error::text is null or position(:error::text in c.last_error) > 0)
  and (:stage::text is null or starts_with(c.last_error, :stage::text || ': '))
  -- [/chosen]
  and cast(c.id as text) > :after::text
order by cast(c.id as text)
limit :most
