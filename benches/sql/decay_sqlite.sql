-- Decay by hand on SQLite: the script that a good SQL author would write for the result of `nikita-jobs decay` (default settings).
--
--   sqlite3 FILE -cmd '.parameter init' -cmd ".parameter set :now '2026-11-18T12:00:00.000000Z'" < benches/sql/decay_sqlite.sql
--
-- One transaction, players in the order of the table, with our durability settings (WAL, synchronous=full, foreign keys on).
-- It blocks every other writer until it ends, and has no lease, window or report.

pragma foreign_keys = on;
pragma synchronous = full;
begin immediate;
create temp table owed as
with rule (chapter, grace, step) as (values
        (1, 28800, 45000000), (2, 57600, 60000000), (3, 86400, 90000000), (4, 172800, 120000000), (5, 259200, 180000000)),
    instant (us) as (select unixepoch(:now) * 1000000 + cast(substr(:now, 21, 6) as integer)),
    player as (
        select u.rowid as player, u.id, u.chapter, cast(round(u.relationship_score * 100) as integer) as before,
            u.notifications_enabled, u.telegram_id, r.step, us,
            case when u.last_interaction_at is null
                 then coalesce(unixepoch(u.decayed_through) * 1000000 + cast(substr(u.decayed_through, 21, 6) as integer), us - 86400000000)
                 else max((unixepoch(u.last_interaction_at) + r.grace) * 1000000 + cast(substr(u.last_interaction_at, 21, 6) as integer),
                          coalesce(unixepoch(u.decayed_through) * 1000000 + cast(substr(u.decayed_through, 21, 6) as integer), 0)) end as begins
        from users u join rule r on r.chapter = u.chapter join instant
        where u.game_status = 'active' and u.onboarding_status in ('completed', 'skipped') and u.relationship_score >= 0)
select player, id, chapter, before, min((us - begins) / step, 2000, before) as amount, step,
    begins + (us - begins) / step * step as through, notifications_enabled, telegram_id
from player where us - begins >= step;
insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at)
select id, (before - amount) / 100.0, chapter, 'decay', json_object('decay_amount', amount / 100.0,
    'hours_charged', round(amount * step / 3600000000.0, 4), 'score_before', before / 100.0), :now
from owed where amount > 0;
insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at)
select id, 0, chapter, 'decay_game_over', json_object('score_before', before / 100.0), :now from owed where amount = before;
insert into scheduled_events (user_id, event_type, content, scheduled_at)
select id, 'decay_game_over', json_object('chat_id', telegram_id, 'text', 'I waited for you for a long time. '
    || 'I think this is where our story ends. Thank you for everything we shared. Take good care of yourself.'), :now
from owed where amount = before and notifications_enabled and telegram_id is not null;
insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at)
select id, 'event', json_object('trigger_type', 'event', 'event_type', 'decay_warning',
    'event_description', 'the player has been away for long', 'chapter', chapter, 'emotional_state', json('{}')),
    'I haven''t heard from you in a while, and I miss our talks. How have you been?', :now
from owed where before >= 4000 and before - amount < 4000 and before > amount and telegram_id is not null;
update users set relationship_score = (before - amount) / 100.0,
    decayed_through = strftime('%Y-%m-%dT%H:%M:%S.', through / 1000000, 'unixepoch') || printf('%06dZ', through % 1000000),
    game_status = case when before = amount then 'game_over' else 'active' end
from owed where users.rowid = owed.player;
commit;
