-- A backlog for process-conversations on PostgreSQL: :players players, each with a history and one stale conversation.
-- `vectors` has a few different vectors of 1,536 numbers for all facts.
--
--   psql -v players=2000 -f conversations_seed.sql

create temp table vectors as
select v.n, array_agg(v.x / sqrt(1536) order by v.i)::real[] as embedding
from (select n, i, case when hashint8(n * 10000 + i) % 2 = 0 then 1.0 else -1.0 end
          * (0.5 + abs(hashint8(i * 64 + n) % 1000) / 1000.0) as x
      from generate_series(1, 6) n, generate_series(1, 1536) i) v
group by v.n;

insert into users (id, telegram_id, relationship_score, chapter, onboarding_status, last_interaction_at, timezone, days_played)
select md5('player ' || n)::uuid, 4711, 50.00, 1 + n % 5, 'completed', now() - interval '1 hour', 'Europe/Lisbon', 12
from generate_series(1, :players) n;

insert into user_metrics (user_id) select id from users;
insert into engagement_state (user_id, state) select id, 'in_zone' from users;
insert into user_vice_preferences (user_id, category, intensity_level, engagement_score)
select id, category, 2, 40.00 from users, unnest(array['dark_humor', 'risk_taking']) category;

-- Each player's history: six facts, two open threads, two thoughts, three days, two days of Nikita's life, five charges, and one
-- earlier conversation.
insert into memory_facts (user_id, graph_type, fact, source, embedding, created_at)
select u.id, case when v.n < 5 then 'user' else 'relationship' end, 'They told of thing ' || v.n || ' and of a long way home.', 'seed',
    v.embedding, now() - v.n * interval '1 day'
from users u, vectors v where v.n between 1 and 6;
insert into conversation_threads (user_id, content, created_at)
select id, 'Ask how thing ' || n || ' went.', now() - n * interval '1 day' from users, generate_series(1, 2) n;
insert into nikita_thoughts (user_id, content, created_at, expires_at)
select id, 'I wonder about thing ' || n || '.', now() - n * interval '1 day', now() + interval '5 days' from users, generate_series(1, 2) n;
insert into daily_summaries (user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone)
select id, current_date - n, 54.00, 55.00, 1, 'They talked about the day and the way home.', '["A walk along the river."]', 'warm'
from users, generate_series(1, 3) n;
insert into nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, emotional_impact)
select id, current_date - n, time_of_day, 'personal', 'routine', 'I repotted my plants on the balcony.', '{"valence": 0.05}'
from users, generate_series(2, 3) n, unnest(array['morning', 'afternoon', 'evening']) time_of_day;
insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at)
select id, 55.00, chapter, 'decay', '{"decay_amount": 0.40}', now() - n * interval '1 hour' from users, generate_series(3, 7) n;
insert into nikita_emotional_states (user_id, last_updated) select id, now() - interval '1 day' from users;
insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, delivered_at)
select id, 'time', '{}', 'Good morning!', now() - interval '2 days', true, now() - interval '2 days' from users;
insert into conversations (user_id, messages, status, processed_at, started_at, last_message_at, conversation_summary)
select id, '[{"role": "user", "content": "Hello!"}]', 'processed', now() - interval '1 day', now() - interval '1 day',
    now() - interval '1 day', 'They said hello.' from users;
insert into ready_prompts (user_id, platform, prompt_text, token_count)
select id, platform, repeat('You are Nikita, and they told of a long way home. ', 40), 480
from users, unnest(array['text', 'voice']) platform;

insert into conversations (id, user_id, platform, messages, started_at, last_message_at, score_delta)
select md5('conversation ' || n)::uuid, md5('player ' || n)::uuid, 'telegram',
    jsonb_build_array(
        jsonb_build_object('role', 'user', 'content', 'I work as a nurse in Lisbon, and ward ' || n || ' was full today.'),
        jsonb_build_object('role', 'nikita', 'content', 'That sounds hard! Did you get home in time?'),
        jsonb_build_object('role', 'user', 'content', 'I did. My sister moved in with me last week. I love climbing with her.'),
        jsonb_build_object('role', 'nikita', 'content', 'I would like to see you two on a rock face.'),
        jsonb_build_object('role', 'user', 'content', 'Will you come along on Sunday? I am going to book the hall tomorrow.')),
    now() - interval '3 hours' - n * interval '1 second', now() - interval '2 hours' - n * interval '1 second', 1.50
from generate_series(1, :players) n;

analyze;
