-- keep_breaker: keeps how a breaker stands; one that was open already is open since then
-- :clock    timestamptz   the hidden --now; null: the database's clock
-- :provider text          which one
-- :failures integer       in a row
-- :open     boolean       whether it is
insert into provider_breakers as kept (provider, failures, opened_at, tried_at, updated_at)
select :provider, :failures, case when :open then t.now end, t.now, t.now
from (select coalesce(:clock::timestamptz, clock_timestamp()) as now) t
where true
on conflict (provider) do update set
  failures = excluded.failures,
  tried_at = excluded.tried_at,
  opened_at = case when :open then coalesce(kept.opened_at, excluded.opened_at) end,
  updated_at = excluded.updated_at
