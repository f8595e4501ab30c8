-- count_stuck: how many conversations are stuck in processing
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   idle for this long is stuck
select count(*)
from (select coalesce(:clock::timestamptz, clock_timestamp()) + make_interval(secs => :idle_seconds) as latest) t
cross join conversations c
cross join lateral (
  -- [idle_since]
  -- No time later than `latest` is believed: a clock that has jumped must keep no conversation in processing.
  select
    coalesce(
      case when c.updated_at <= t.latest then c.updated_at end,
      case when c.processing_started_at <= t.latest then c.processing_started_at end,
      case when c.started_at <= t.latest then c.started_at end,
      timestamptz 'epoch'
    ) as since
  -- [/idle_since]
) idle
where c.status = 'processing'
  and
  -- [stuck]
  (idle.since <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds)
   or (c.claim_token is not null
       and c.claimed_by is not null
       and c.processing_started_at is not distinct from c.claimed_at
       and not exists (
         select 1
         from job_leases l
         where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp()) and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
       )))
  -- [/stuck]
