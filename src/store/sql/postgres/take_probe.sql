-- take_probe: takes the right to probe an open breaker
-- :clock            timestamptz        the hidden --now; null: the database's clock
-- :provider         text               the provider
-- :execution        uuid               the run
-- :distance_seconds double precision   the pause between two probes
update provider_breakers
set tried_at = coalesce(:clock::timestamptz, clock_timestamp()), probed_by = :execution, updated_at = coalesce(:clock::timestamptz, clock_timestamp())
where provider = :provider
  and opened_at is not null
  -- A time in the future is not believed: the clock has gone back.
  and (tried_at <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :distance_seconds)
       or tried_at > coalesce(:clock::timestamptz, clock_timestamp()))
