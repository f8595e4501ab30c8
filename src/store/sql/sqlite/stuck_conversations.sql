-- stuck_conversations: a page of conversations that are stuck in processing, the longest idle first
-- :clock        text      the hidden --now; null: the database's clock
-- :idle_seconds real      idle for this long is stuck
-- :after_at     text      idle_since of the last row of the previous page, as read; null: first page
-- :after_id     text      its id, as read
-- :most         integer   the most rows
select
  cast(c.id as text) as id,
  coalesce(cast(c.status as text), '') as status,
  cast(c.claim_token as text) as token,
  cast(coalesce(c.processing_attempts, 0) as text) as attempts,
  cast(c.idle_since as text) as idle_since,
  cast(c.claimed_by as text) as claimed_by,
  cast(e.host as text) as host,
  cast(e.pid as text) as pid,
  coalesce(
  -- [dead_owner]
  c.claim_token is not null
  and c.claimed_by is not null
  and c.processing_started_at is c.claimed_at
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) and l.heartbeat_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
  )
  -- [/dead_owner]
  , false) as owner_is_dead,
  replace(c.idle_since, ' ', 'T') <= strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '-' || :idle_seconds || ' seconds') as is_idle
from (
  -- [idle_since]
  -- No time later than `latest` is believed: a clock that has jumped must keep no conversation in processing.
  select
    c.*,
    coalesce(
      case when replace(c.updated_at, ' ', 'T') <= t.latest then c.updated_at end,
      case when replace(c.processing_started_at, ' ', 'T') <= t.latest then c.processing_started_at end,
      case when replace(c.started_at, ' ', 'T') <= t.latest then c.started_at end,
      '1970-01-01T00:00:00.000000Z'
    ) as idle_since
  from (select strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '+' || :idle_seconds || ' seconds') as latest) t
  cross join conversations c
  -- [/idle_since]
) c
left join job_executions e on e.id = c.claimed_by
where c.status = 'processing'
  and
  -- [stuck]
  (replace(c.idle_since, ' ', 'T')
     <= strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '-' || :idle_seconds || ' seconds')
   or (c.claim_token is not null
       and c.claimed_by is not null
       and c.processing_started_at is c.claimed_at
       and not exists (
         select 1
         from job_leases l
         where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) and l.heartbeat_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
       )))
  -- [/stuck]
  and (:after_at is null
       or (cast(c.idle_since as text), cast(c.id as text))
          > (:after_at, :after_id))
order by cast(c.idle_since as text), cast(c.id as text)
limit :most
