-- The rows of decay_seed_postgres.sql for SQLite, with the same scores, times and kinds. On a migrated, empty file:
--
--   sqlite3 FILE -cmd '.parameter init' -cmd '.parameter set :n 1000000' < benches/sql/decay_seed_sqlite.sql

pragma synchronous = off;
begin;
with recursive
    counted (i) as (select 1 union all select i + 1 from counted where i < :n),
    it as (select i, i * 7919 % 100 as kind, i * 2654435761 % 4294967296 as spread, 1 + i / 100 % 5 as chapter,
                  case i / 100 % 5 when 0 then 8 when 1 then 16 when 2 then 24 when 3 then 48 else 72 end as grace,
                  unixepoch('2026-11-18 12:00:00') as instant
           from counted)
insert into users (id, telegram_id, relationship_score, chapter, game_status, last_interaction_at, decayed_through, onboarding_status,
                   notifications_enabled, days_played)
select printf('%08x-%04x-4%03x-a%03x-%012x', spread, spread * 7 % 65536, spread * 11 % 4096, spread * 13 % 4096, i),
       case when i / 7 % 10 > 0 then 1000000 + i end,
       case when kind = 2 then 0.30 else (1000 + i * 48271 % 9001) / 100.0 end,
       chapter,
       case when kind < 90 then 'active' when kind < 95 then 'boss_fight' when kind < 98 then 'game_over' else 'won' end,
       case when kind = 1 then null else strftime('%Y-%m-%dT%H:%M:%S.000000Z', instant - case
            when kind = 0 then (grace + 1000) * 3600
            when kind < 54 then (grace + 1 + i / 500 % 24) * 3600 + i % 3600
            else i * 31 % (grace * 3600) end, 'unixepoch') end,
       case when kind between 3 and 20 then strftime('%Y-%m-%dT%H:%M:%S.000000Z', instant - 3600 - i % 60, 'unixepoch') end,
       case when kind between 80 and 89 then 'pending' when i / 3 % 20 = 0 then 'skipped' else 'completed' end,
       i / 11 % 10 > 0,
       i / 13 % 400
from it;
commit;
pragma wal_checkpoint(truncate);
analyze;
