-- breaker: a provider's breaker as an earlier run left it, and what was learned about the server within a day
-- :clock    timestamptz   the hidden --now; null: the database's clock
-- :provider text          the provider
-- :address  text          its address
-- :model    text          the model
-- :version  text          this program's version
select coalesce(b.failures, 0) as failures, b.opened_at is not null as open, l.manner
from (select coalesce(:clock::timestamptz, clock_timestamp()) as now) t
left join provider_breakers b on b.provider = :provider
left join provider_lessons l
  on l.address = :address
  and l.model = :model
  and l.version = :version
  and l.learnt_at > t.now - interval '24 hours'
