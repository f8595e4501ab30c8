-- The backlog of conversations_seed.sql for SQLite, with only a part of the players' history.
--
--   sqlite3 FILE -cmd '.parameter init' -cmd '.parameter set :players 2000' < conversations_seed_sqlite.sql

pragma synchronous = off;
begin;
create temp table player as
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < :players)
select n, printf('%08x-0000-4000-8000-%012x', n * 2654435761 % 4294967296, n) as id from counted;

insert into users (id, telegram_id, relationship_score, chapter, onboarding_status, last_interaction_at, timezone, days_played)
select id, 4711, 50.00, 1 + n % 5, 'completed', strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 hour'), 'Europe/Lisbon', 12 from player;
insert into user_metrics (user_id) select id from player;
insert into engagement_state (user_id, state) select id, 'in_zone' from player;
insert into memory_facts (user_id, graph_type, fact, source, embedding, created_at)
select player.id, 'user', 'They told of thing ' || i.value || ' and of a long way home.', 'seed', cast(printf('%.*c', 6144, '?') as blob),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-' || i.value || ' days')
from player, json_each('[1, 2, 3, 4, 5, 6]') i;
insert into conversation_threads (user_id, content, created_at)
select player.id, 'Ask how thing ' || i.value || ' went.', strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-' || i.value || ' days')
from player, json_each('[1, 2]') i;
insert into daily_summaries (user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone)
select player.id, date('now', '-' || i.value || ' days'), 54.00, 55.00, 1, 'They talked about the day and the way home.',
    '["A walk along the river."]', 'warm'
from player, json_each('[1, 2, 3]') i;

insert into conversations (user_id, platform, messages, started_at, last_message_at, score_delta)
select id, 'telegram', json_array(
        json_object('role', 'user', 'content', 'I work as a nurse in Lisbon, and ward ' || n || ' was full today.'),
        json_object('role', 'nikita', 'content', 'That sounds hard! Did you get home in time?'),
        json_object('role', 'user', 'content', 'I did. My sister moved in with me last week. I love climbing with her.'),
        json_object('role', 'nikita', 'content', 'I would like to see you two on a rock face.'),
        json_object('role', 'user', 'content', 'Will you come along on Sunday? I am going to book the hall tomorrow.')),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-3 hours', '-' || n || ' seconds'),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-2 hours', '-' || n || ' seconds'), 1.50
from player;
commit;
pragma wal_checkpoint(truncate);
analyze;
