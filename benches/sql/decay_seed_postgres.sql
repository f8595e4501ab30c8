-- Players for the decay benchmarks in docs/benchmarks.md; always the same rows. On a migrated, empty database:
--
--   psql -v ON_ERROR_STOP=1 -v n=1000000 -f benches/sql/decay_seed_postgres.sql "$DATABASE_URL"
--
-- All times are relative to 2026-11-18T12:00:00Z, so both sides run with that time (`--now`). Of 100 players, spread evenly:
--
--   54  overdue: one by 1,000 hours (the cap), one who has never interacted, one with a score of 0.30 (game over), 18 charged an
--       hour ago, 33 by 1 to 24 hours and never charged
--   26  eligible, within their grace period
--   10  active, onboarding not finished
--   10  in a boss fight, lost or won
--
-- Ids are scattered over their whole range, so that the rows on disk are not in the order of ids.

insert into users (id, telegram_id, relationship_score, chapter, game_status, last_interaction_at, decayed_through, onboarding_status,
                   notifications_enabled, days_played)
select format('%s-%s-4%s-a%s-%s', lpad(to_hex(spread), 8, '0'), lpad(to_hex(spread * 7 % 65536), 4, '0'),
              lpad(to_hex(spread * 11 % 4096), 3, '0'), lpad(to_hex(spread * 13 % 4096), 3, '0'), lpad(to_hex(i), 12, '0'))::uuid,
       case when i / 7 % 10 > 0 then 1000000 + i end,
       case when kind = 2 then 0.30 else (1000 + i * 48271 % 9001) / 100.0 end,
       chapter,
       case when kind < 90 then 'active' when kind < 95 then 'boss_fight' when kind < 98 then 'game_over' else 'won' end,
       case when kind = 0 then instant - make_interval(hours => grace + 1000)
            when kind = 1 then null
            when kind < 54 then instant - make_interval(hours => (grace + 1 + i / 500 % 24)::integer, secs => i % 3600)
            else instant - make_interval(secs => i * 31 % (grace * 3600)) end,
       case when kind between 3 and 20 then instant - make_interval(hours => 1, secs => i % 60) end,
       case when kind between 80 and 89 then 'pending' when i / 3 % 20 = 0 then 'skipped' else 'completed' end,
       i / 11 % 10 > 0,
       i / 13 % 400
from (select i, i * 7919 % 100 as kind, i * 2654435761 % 4294967296 as spread, (1 + i / 100 % 5)::integer as chapter,
             (array[8, 16, 24, 48, 72])[(1 + i / 100 % 5)::integer] as grace, timestamptz '2026-11-18T12:00:00Z' as instant
      from generate_series(1, (:n)::bigint) i) it;
vacuum (analyze) users;
