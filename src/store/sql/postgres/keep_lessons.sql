-- keep_lessons: stores what was learned about a server
-- :clock   timestamptz   the hidden --now; null: the database's clock
-- :address text          the address of the server
-- :model   text          the model
-- :version text          this program's version
-- :manner  text          the request format that it needs, as JSON
insert into provider_lessons (address, model, version, manner, learnt_at)
select :address, :model, :version, :manner, coalesce(:clock::timestamptz, clock_timestamp())
where true
on conflict (address, model) do update set
  version = excluded.version,
  manner = excluded.manner,
  learnt_at = excluded.learnt_at
