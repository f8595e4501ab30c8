-- For the benchmark of claims: :conversations active conversations that have ended, each with its own player.
--
--   psql -v conversations=60000 -f claims_seed.sql

insert into users (id) select md5('player ' || n)::uuid from generate_series(1, :conversations) n;
insert into conversations (user_id, messages, started_at, last_message_at)
select md5('player ' || n)::uuid, '[{"role": "user", "content": "Hello!"}]', now() - interval '2 days',
    now() - interval '1 day' - n * interval '1 second'
from generate_series(1, :conversations) n;

-- The same rows in a table with only its key and an index for this one statement.
create table claims (like conversations including defaults);
insert into claims select * from conversations;
alter table claims add primary key (id);
create index on claims (last_message_at) where status = 'active';

vacuum analyze conversations;
vacuum analyze claims;
