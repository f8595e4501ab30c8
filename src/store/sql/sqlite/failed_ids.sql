-- failed_ids: the ids of failed conversations, in order
-- :since   text   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :after   text   only ids behind this one
-- :most    bigint   the most rows
with timed as (
  -- [timed]
  select
    c.id, c.user_id, c.status, c.processing_attempts, c.next_attempt_at, c.last_error, c.updated_at,
    replace(c.updated_at, ' ', 'T') as tried_at
  from conversations c
  -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
  where c.updated_at >= replace(coalesce(:since, ''), 'T', ' ')
    and replace(c.updated_at, ' ', 'T') >= coalesce(:since, '')
  union all
  -- Without a time of the last change, the next one that it has counts; without any, it is the oldest.
  select
    c.id, c.user_id, c.status, c.processing_attempts, c.next_attempt_at, c.last_error, c.updated_at,
    replace(coalesce(c.processing_started_at, c.started_at), ' ', 'T')
  from conversations c
  where c.updated_at is null
    and replace(coalesce(c.processing_started_at, c.started_at, ''), ' ', 'T') >= coalesce(:since, '')
  -- [/timed]
)
select cast(c.id as text)
from timed c
where
  c.status = 'failed'
  -- [chosen]
  and (:error is null or instr(c.last_error, :error) > 0)
  and (:stage is null or substr(c.last_error, 1, length(:stage) + 2) = :stage || ': ')
  -- [/chosen]
  and cast(c.id as text) > :after
order by cast(c.id as text)
limit :most
