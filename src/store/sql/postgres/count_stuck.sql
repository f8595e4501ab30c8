-- count_stuck: how many conversations are stuck in processing
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   idle for this long is stuck
select count(*)
from conversations c
where c.status = 'processing'
  and
  -- [stuck]
  (coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch')
     <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds)
   or (c.claim_token is not null
       and c.claimed_by is not null
       and c.processing_started_at is not distinct from c.claimed_at
       and not exists (
         select 1
         from job_leases l
         where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp()) and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
       )))
  -- [/stuck]
