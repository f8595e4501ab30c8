-- Decay by hand: the psql script that a good SQL author would write for the result of `nikita-jobs decay` (default settings).
--
--   psql -v ON_ERROR_STOP=1 -v now=2026-11-18T12:00:00Z -f benches/sql/decay_postgres.sql "$DATABASE_URL"
--
-- Keyset chunks of 10,000 eligible players, one transaction each. One statement per chunk reads, charges, and writes history and
-- messages. It assumes that no other session writes: it locks nothing before the update, and has no lease, window or report.

\set QUIET on
select set_config('decay.now', :'now', false) as as_of \gset
do $$
declare
    instant constant timestamptz := current_setting('decay.now');
    last uuid := '00000000-0000-0000-0000-000000000000';
begin
    loop
        with rule (chapter, grace, step) as (values
                (1, interval '8 hours', 45), (2, interval '16 hours', 60), (3, interval '24 hours', 90),
                (4, interval '48 hours', 120), (5, interval '72 hours', 180)),
            page as materialized (
                select u.id, u.chapter, u.relationship_score as before, u.notifications_enabled, u.telegram_id, r.step,
                    case when u.last_interaction_at is null then coalesce(u.decayed_through, instant - interval '24 hours')
                         else greatest(u.last_interaction_at + r.grace, u.decayed_through) end as begins
                from users u left join rule r on r.chapter = u.chapter
                where u.id > last and u.game_status = 'active' and u.onboarding_status in ('completed', 'skipped')
                order by u.id limit 10000),
            owed as (
                select *, least(steps * 0.01, 20.00, before) as amount
                from (select *, trunc(extract(epoch from instant - begins) / step)::integer as steps from page) it
                where steps >= 1 and before >= 0),
            charged as (
                update users u
                set relationship_score = before - amount, decayed_through = begins + steps * step * interval '1 second',
                    game_status = case when before = amount then 'game_over' else 'active' end
                from owed o where u.id = o.id
                returning o.*, before - amount as after),
            history as (
                insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at)
                select id, after, chapter, 'decay', jsonb_build_object('decay_amount', amount, 'hours_charged',
                    round(amount * step / 36, 4), 'score_before', before), instant
                from charged where amount > 0
                union all
                select id, after, chapter, 'decay_game_over', jsonb_build_object('score_before', before), instant
                from charged where after = 0),
            goodbye as (
                insert into scheduled_events (user_id, event_type, content, scheduled_at)
                select id, 'decay_game_over', jsonb_build_object('chat_id', telegram_id, 'text', 'I waited for you for a long time. '
                    'I think this is where our story ends. Thank you for everything we shared. Take good care of yourself.'), instant
                from charged where after = 0 and notifications_enabled and telegram_id is not null),
            warning as (
                insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at)
                select id, 'event', jsonb_build_object('trigger_type', 'event', 'event_type', 'decay_warning',
                    'event_description', 'the player has been away for long', 'chapter', chapter, 'emotional_state', '{}'::jsonb),
                    'I haven''t heard from you in a while, and I miss our talks. How have you been?', instant
                from charged where before >= 40 and after < 40 and after > 0 and telegram_id is not null)
        select id into last from page order by id desc limit 1;
        exit when last is null;
        commit;
    end loop;
end
$$;
