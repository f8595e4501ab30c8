-- Rows of all kinds, written with the application's own columns. {now} is the time of the test.
insert into users (id, telegram_id, relationship_score, chapter, game_status, last_interaction_at, onboarding_status,
                   notifications_enabled, timezone, days_played) values
    ('00000000-0000-4000-8000-000000000001', 1, 60.123456, 1, 'active', {now} - interval '10 hours', 'completed', true, 'Europe/Lisbon', 12),
    ('00000000-0000-4000-8000-000000000002', 2, null, 2, 'active', {now} - interval '30 hours', 'completed', null, null, null),
    ('00000000-0000-4000-8000-000000000003', 3, 55, 0, 'active', {now} - interval '90 hours', 'completed', true, 'Mars/Olympus', 3),
    ('00000000-0000-4000-8000-000000000004', 4, 55, 9, 'active', {now} - interval '90 hours', 'skipped', true, 'UTC', 3),
    ('00000000-0000-4000-8000-000000000005', 5, 41, 3, 'active', {now} + interval '5 days', 'completed', true, 'UTC', 3),
    ('00000000-0000-4000-8000-000000000006', 6, 41, null, null, null, null, null, '', null),
    ('00000000-0000-4000-8000-000000000007', 7, 0.5, 1, 'active', {now} - interval '10 hours', 'completed', true, 'UTC', 1),
    ('00000000-0000-4000-8000-000000000008', 8, 40.3, 1, 'active', {now} - interval '10 hours', 'completed', true, 'UTC', 1),
    ('00000000-0000-4000-8000-000000000009', 9, 250, 5, 'won', {now} - interval '900 hours', 'completed', true, 'UTC', 99);
insert into user_metrics (user_id, intimacy, passion, trust, secureness) values
    ('00000000-0000-4000-8000-000000000001', 50, 60.5, null, 40.125);
insert into user_vice_preferences (user_id, category, intensity_level, engagement_score) values
    ('00000000-0000-4000-8000-000000000001', 'sarcasm', 3, 0.75), ('00000000-0000-4000-8000-000000000001', 'risk', null, null);
insert into engagement_state (user_id, state) values
    ('00000000-0000-4000-8000-000000000001', 'in_zone'), ('00000000-0000-4000-8000-000000000002', 'clingy');
insert into conversations (id, user_id, platform, messages, status, processing_attempts, started_at, last_message_at, score_delta, updated_at)
select ('10000000-0000-4000-8000-00000000000' || i)::uuid, ('00000000-0000-4000-8000-00000000000' || i)::uuid, 'telegram',
    '[{"role": "user", "content": "I work as a nurse in Lisbon."}, {"role": "nikita", "content": "That sounds lovely!"},
      {"role": "user", "content": "I work as a nurse in Lisbon now. My sister Ana lives in Porto."}]'::jsonb,
    'active', case when i < 5 then null else 0 end, {now} - interval '3 hours', {now} - interval '2 hours', 1.5, {now} - interval '2 hours'
from generate_series(1, 9) i;
insert into conversations (id, user_id, platform, messages, status, processing_attempts, started_at, last_message_at, updated_at, processed_at, conversation_summary) values
    ('20000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'text', null, 'processed', 1, {now} - interval '9 days', {now} - interval '9 days', {now} - interval '9 days', {now} - interval '9 days', 'She told a joke.'),
    ('20000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', null, '[]', 'failed', 3, null, null, null, null, null),
    ('20000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000005', 'voice', '[]', 'active', null, null, null, null, null, null),
    ('20000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000005', 'voice', '[]', null, null, null, null, null, null, null);
insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 61.999, 1, 'conversation', null, {now} - interval '10 hours'),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 61.999, null, 'decay', '{"decay_amount": 0.4, "score_before": 62.399}', {now} - interval '20 hours'),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 1, null, null, null, null);
insert into daily_summaries (id, user_id, date, score_start, summary_text, conversations_count) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', ({now})::date, 62.5, 'A day.', null),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', ({now})::date, 62.5, 'The same day, told twice.', 1);
insert into conversation_threads (id, user_id, thread_type, content, status, created_at) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', null, 'Ask about the exam', 'open', null),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', null, 'Ask about the trip', 'open', {now} - interval '9 days');
insert into nikita_thoughts (id, user_id, thought_type, content, created_at) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', null, 'He never says good night.', {now} - interval '9 days');
insert into memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, is_active) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'user', 'Likes climbing', 'manual', 0.9, {embedding}, true),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'nikita', 'Owns a cat', null, null, {embedding}, null);
insert into ready_prompts (id, user_id, platform, prompt_text, is_current, conversation_id) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'text', 'Old prompt', true, '20000000-0000-4000-8000-000000000001'),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'text', 'Older prompt', false, null),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', null, null, null, null);
insert into nikita_life_events (event_id, user_id, event_date, description) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', ({now})::date - 1, 'A quiet evening.');
insert into nikita_emotional_states (state_id, user_id, arousal, last_updated) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 0.7, {now} - interval '9 days'),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', null, null);
insert into scheduled_touchpoints (id, user_id, trigger_type, message_content, delivery_at, delivered, skipped) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 'time', 'Hello?', {now} + interval '1 hour', null, null),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000003', null, null, null, true, false);
insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000003', 'telegram', 'reminder', null, null);
insert into job_executions (id, job_name, started_at, completed_at, status, result, duration_ms) values
    ('30000000-0000-4000-8000-000000000001', 'decay', {now} - interval '9 days', {now} - interval '9 days', 'completed', '{"processed": 1}', 12),
    ('30000000-0000-4000-8000-000000000002', 'decay', {now} - interval '1 minute', null, 'running', null, null),
    ('30000000-0000-4000-8000-000000000003', 'backup', {now} - interval '3 hours', null, 'running', null, null),
    ('30000000-0000-4000-8000-000000000004', 'backup', null, null, null, null, null);
insert into audit_reports (audit_id, audit_type, status, audit_date) values
    ('40000000-0000-4000-8000-000000000001', 'nightly', 'in_progress', {now} - interval '5 minutes'),
    ('40000000-0000-4000-8000-000000000002', 'nightly', 'in_progress', {now} - interval '16 minutes'),
    ('40000000-0000-4000-8000-000000000003', 'nightly', 'in_progress', null),
    ('40000000-0000-4000-8000-000000000004', null, null, null);
