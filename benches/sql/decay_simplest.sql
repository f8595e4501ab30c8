-- The simplest statement that charges inactive players: one transaction, no watermark, no messages, no end of a game.
--
--   psql -v ON_ERROR_STOP=1 -v now=2026-11-18T12:00:00Z -f benches/sql/decay_simplest.sql "$DATABASE_URL"
--
-- A second run would charge the same hours again.

with rule (chapter, grace, step) as (values
        (1, interval '8 hours', 45), (2, interval '16 hours', 60), (3, interval '24 hours', 90),
        (4, interval '48 hours', 120), (5, interval '72 hours', 180)),
    charged as (
        update users u
        set relationship_score = greatest(0, relationship_score - least(20.00, 0.01 * trunc(extract(epoch from
                :'now'::timestamptz - greatest(coalesce(u.last_interaction_at, :'now'::timestamptz - interval '24 hours') + r.grace,
                                               u.decayed_through)) / r.step)))
        from rule r
        where u.chapter = r.chapter and u.game_status = 'active' and u.onboarding_status in ('completed', 'skipped')
            and greatest(coalesce(u.last_interaction_at, :'now'::timestamptz - interval '24 hours') + r.grace, u.decayed_through)
                <= :'now'::timestamptz - make_interval(secs => r.step)
        returning u.id, u.relationship_score, u.chapter)
insert into score_history (user_id, score, chapter, event_type, recorded_at)
select id, relationship_score, chapter, 'decay', :'now' from charged;
