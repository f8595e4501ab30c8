-- count_stuck: how many conversations are stuck in processing
-- :clock        text   the hidden --now; null: the database's clock
-- :idle_seconds real   idle for this long is stuck
select count(*)
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
