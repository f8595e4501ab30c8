-- Rows as the application writes them. {now} is the time of the test; {embedding} is a vector.
insert into users (id, telegram_id, relationship_score, chapter, game_status, last_interaction_at, onboarding_status, timezone, days_played,
                   created_at, conflict_details)
select ('00000000-0000-4000-8000-00000000000' || i)::uuid, case when i <> 4 then 70000 + i + ('x' || left(md5('00000000-0000-4000-8000-000000000001'), 6))::bit(24)::bigint * 10 end,
    60.12, i % 5 + 1, 'active', {now} - interval '90 hours', 'completed', 'Europe/Lisbon', 2, {now} - interval '40 days',
    case when i in (1, 2) then jsonb_build_object('temperature', 72.0, 'zone', 'hot', 'positive_count', 4, 'negative_count', 2, 'gottman_ratio', 2.0,
        'gottman_target', 5.0, 'horsemen_detected', jsonb_build_array('criticism'), 'repair_attempts', '[]'::jsonb,
        'last_temp_update', to_char(({now} - interval '4 hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), 'session_positive', 1,
        'session_negative', 0, 'boss_phase', null, 'consecutive_crises', 2, 'last_crisis_at', null) end
from generate_series(1, 6) i;
-- The same as a JSON string with the object inside, which some versions have written.
update users u set conflict_details = to_jsonb((select o.conflict_details::text from users o where o.id = '00000000-0000-4000-8000-000000000001'))
where u.id = '00000000-0000-4000-8000-000000000003';
insert into user_metrics (id, user_id, intimacy) select gen_random_uuid(), id, 55.5 from users where id::text like '%-0000-4000-8000-%';
insert into user_vice_preferences (id, user_id, category, intensity_level, engagement_score, discovered_at)
select gen_random_uuid(), id, 'dark_humor', 3, 0.75, {now} from users where id::text like '%-0000-4000-8000-%';
insert into engagement_state (user_id, state) values ('00000000-0000-4000-8000-000000000001', 'in_zone'), ('00000000-0000-4000-8000-000000000002', 'clingy');
insert into conversations (id, user_id, platform, messages, started_at, last_message_at, score_delta, chapter_at_time)
select ('10000000-0000-4000-8000-00000000000' || i)::uuid, ('00000000-0000-4000-8000-00000000000' || i)::uuid, 'telegram',
    '[{"role": "user", "content": "I work as a nurse in Lisbon.", "timestamp": "2026-11-18T09:00:00+00:00"},
      {"role": "nikita", "content": "That sounds lovely!", "timestamp": "2026-11-18T09:00:05+00:00", "analysis": {"delta": 1.5}},
      {"role": "user", "content": "My sister Ana lives in Porto."}]'::jsonb,
    {now} - interval '3 hours', {now} - interval '2 hours', -4, 1
from generate_series(1, 6) i;
insert into conversations (id, user_id, platform, messages, status, started_at, ended_at, last_message_at, processed_at, conversation_summary, elevenlabs_session_id, transcript_raw)
values ('20000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'voice', '[]', 'processed', {now} - interval '3 days',
    {now} - interval '3 days', {now} - interval '3 days', {now} - interval '3 days', 'He called from work.', 'conv_1', 'user: hi' );
insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at)
select gen_random_uuid(), id, 60.12, 1, 'conversation', '{"delta": "1.5"}', {now} - interval '90 hours' from users where id::text like '%-0000-4000-8000-%';
insert into daily_summaries (id, user_id, date, score_start, score_end, decay_applied, conversations_count, nikita_summary_text, summary_text, key_events)
values (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', ({now} at time zone 'UTC')::date, 61, 60, 1, 3, 'He was sweet today.', 'Three talks.', '["He called."]'),
       (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', ({now} at time zone 'UTC')::date, null, null, null, 0, null, null, null);
insert into conversation_threads (user_id, thread_type, content) values
    ('00000000-0000-4000-8000-000000000001', 'promise', 'He will call on Sunday'), ('00000000-0000-4000-8000-000000000001', 'topic', 'His sister');
insert into nikita_thoughts (user_id, thought_type, content, expires_at) values
    ('00000000-0000-4000-8000-000000000001', 'missing_him', 'Where is he?', {now} + interval '2 days');
insert into memory_facts (user_id, graph_type, fact, source, confidence, embedding) values
    ('00000000-0000-4000-8000-000000000001', 'user', 'Likes climbing', 'user_message', 0.9, {embedding});
insert into ready_prompts (user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms) values
    ('00000000-0000-4000-8000-000000000001', 'text', 'You are Nikita.', 5, '045', 12.5),
    ('00000000-0000-4000-8000-000000000001', 'voice', 'You are Nikita, on the phone.', 8, 'voice-refresh', 3);
insert into nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, entities, emotional_impact, importance) values
    ('00000000-0000-4000-8000-000000000001', ({now} at time zone 'Europe/Lisbon')::date, 'morning', 'work', 'meeting', 'The review went better than I had feared.',
     '["Max"]', '{"arousal_delta": 0.2, "valence_delta": 0.3, "dominance_delta": 0.1, "intimacy_delta": 0}', 0.8);
insert into nikita_emotional_states (state_id, user_id, conflict_state, last_updated) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'cold', {now} - interval '5 hours');
insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, delivered_at) values
    ('00000000-0000-4000-8000-000000000001', 'time', '{"trigger_type": "time", "time_slot": "morning", "chapter": 2, "emotional_state": {}}', 'Good morning!',
     {now} - interval '2 days', true, {now} - interval '2 days');
insert into scheduled_events (user_id, platform, event_type, content, scheduled_at) values
    ('00000000-0000-4000-8000-000000000001', 'telegram', 'message_delivery', '{"chat_id": 70001, "text": "Hi"}', {now} + interval '1 hour');
insert into job_executions (job_name, started_at, completed_at, status, result, duration_ms) values
    ('deliver', {now} - interval '1 minute', {now} - interval '59 seconds', 'completed', '{"delivered": 1}', 900),
    ('summary', {now} - interval '1 day', {now} - interval '1 day', 'failed', '{"error": "timeout"}', 30000);
insert into user_backstories (user_id, venue_name, venue_city, how_we_met, the_moment, unresolved_hook) values
    ('00000000-0000-4000-8000-000000000001', 'Musicbox', 'Lisbon', 'By the bar, both late.', 'A song we both knew.', 'She never gave her number.');
insert into user_profiles (id, location_city, primary_interest) values ('00000000-0000-4000-8000-000000000001', 'Lisbon', 'climbing');
insert into psyche_states (user_id, state) values ('00000000-0000-4000-8000-000000000001', '{"emotional_tone": "guarded", "attachment_activation": "anxious"}');
