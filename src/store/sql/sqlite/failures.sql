-- failures: conversations that failed or are waiting for a retry, the latest first
-- :since   text   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
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
select
  cast(c.id as text) as id,
  cast(c.user_id as text) as player,
  cast(c.status as text) as status,
  cast(coalesce(c.processing_attempts, 0) as bigint) as attempts,
  c.next_attempt_at,
  c.last_error,
  c.updated_at
from timed c
where
  -- [failing]
  (c.status = 'failed'
   or (c.status = 'active'
       and c.last_error is not null
       and (coalesce(c.processing_attempts, 0) > 0 or c.next_attempt_at is not null)))
  -- [/failing]
  -- [chosen]
  and (:error is null or instr(c.last_error, :error) > 0)
  and (:stage is null or substr(c.last_error, 1, length(:stage) + 2) = :stage || ': ')
  -- [/chosen]
order by c.tried_at desc nulls last, id
limit :most
