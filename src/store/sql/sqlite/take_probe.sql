-- take_probe: takes the right to probe an open breaker
-- :clock            text   the hidden --now; null: the database's clock
-- :provider         text   the provider
-- :execution        text   the run
-- :distance_seconds real   the pause between two probes
update provider_breakers
set tried_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), probed_by = :execution, updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
where provider = :provider
  and opened_at is not null
  -- A time in the future is not believed: the clock has gone back.
  and (tried_at <= strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '-' || :distance_seconds || ' seconds')
       or tried_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')))
