-- keep_breaker: stores a breaker; one that was already open keeps the time since when it is open
-- :clock    timestamptz   the hidden --now; null: the database's clock
-- :provider text          the provider
-- :failures integer       consecutive failures
-- :open     boolean       whether it is open
insert into provider_breakers as kept (provider, failures, opened_at, tried_at, updated_at)
select :provider, :failures, case when :open then t.now end, t.now, t.now
from (select coalesce(:clock::timestamptz, clock_timestamp()) as now) t
where true
on conflict (provider) do update set
  failures = excluded.failures,
  tried_at = excluded.tried_at,
  opened_at = case when :open then coalesce(kept.opened_at, excluded.opened_at) end,
  updated_at = excluded.updated_at
