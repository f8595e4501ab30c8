-- Some thousands of rows of each kind, as a game a few weeks old would have them. Then the planner is told that there are five
-- hundred times as many: it counts a table's pages itself, and takes from here how many rows a page holds.
insert into users (id, telegram_id, relationship_score, chapter, game_status, onboarding_status, last_interaction_at)
  select gen_random_uuid(), i, 50, 1 + i % 5, case when i % 3 = 0 then 'game_over' else 'active' end, 'completed',
  timestamptz '2026-11-18 12:00Z' - i * interval '10 minutes' from generate_series(1, 3000) i;
insert into conversations (id, user_id, status, started_at, last_message_at, updated_at, platform, processed_at,
  messages)
 select gen_random_uuid(), u.id, case when i = 1 and u.telegram_id % 50 = 0 then 'active' when i = 1 and
  u.telegram_id % 101 = 0 then 'processing' when u.telegram_id % 97 = 0 then 'failed' else 'processed' end, t, t, t,
  case when i = 2 then 'voice' else 'telegram' end, t, '[]'
 from users u, generate_series(1, 3) i, lateral (select
  timestamptz '2026-11-18 12:00Z' - (u.telegram_id * 3 + i) * interval '7 minutes' as t) x;
insert into score_history (id, user_id, score, chapter, event_type, recorded_at) select gen_random_uuid(), user_id, 50,
  1, case when random() < .5 then 'decay' else 'conversation' end, started_at from conversations;
insert into daily_summaries (id, user_id, date) select gen_random_uuid(), id, date '2026-11-18' - i from users,
  generate_series(1, 2) i;
insert into conversation_threads (id, user_id, thread_type, content, source_conversation_id, status) select
  gen_random_uuid(), user_id, 'topic', 'x', id, 'open' from conversations;
insert into nikita_thoughts (id, user_id, thought_type, content, source_conversation_id) select gen_random_uuid(),
  user_id, 'thinking', 'x', id from conversations;
insert into memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, is_active, conversation_id)
  select gen_random_uuid(), user_id, 'user', 'x', 's', 1, case when random() < .99 then '{1,2}'::real[] end, true, id
  from conversations;
insert into ready_prompts (id, user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version,
  generation_time_ms, is_current, conversation_id) select gen_random_uuid(), user_id, 'text', 'x', 1, '{}', 'v', 1,
  false, id from conversations;
insert into nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description,
  emotional_impact, importance) select gen_random_uuid(), id, date '2026-11-18' - i, 'morning', 'work', 'meeting',
  'something', '{}', .5 from users, generate_series(1, 3) i;
insert into nikita_emotional_states (state_id, user_id, arousal, valence, dominance, intimacy, conflict_state,
  last_updated) select gen_random_uuid(), id, .5, .5, .5, .5, 'none', now() from users;
insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered,
  skipped) select gen_random_uuid(), id, 'event', '{}', 'x', timestamptz '2026-11-18 12:00Z' - i * interval '1 day',
  true, false from users, generate_series(1, 2) i;
insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at, status) select
  gen_random_uuid(), id, 'telegram', 'x', '{}', now(), 'sent' from users;
insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, result) select
  gen_random_uuid(), (array['decay','process-conversations','recover','scan-stuck'])[1 + i % 4], t, t, t, case when i <
  4 then 'running' when i % 20 = 0 then 'failed' else 'completed' end, case when i % 4 = 1 then '{"conversations":
  [{"conversation_id": "x"}]}'::jsonb else '{}' end from generate_series(1, 6000) i, lateral (select timestamptz
  '2026-11-18 12:00Z' - i * interval '15 minutes' as t) x;
insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs) select gen_random_uuid(), 'x', case
  when i < 5 then 'in_progress' else 'completed' end, timestamptz '2026-11-18 12:00Z' - i * interval '1 hour', '[]' from
  generate_series(1, 3000) i;
insert into stage_memos (conversation_id, stage, input_hash, answer) select id, 'summary', 'x', '{}' from conversations;
insert into user_metrics (user_id) select id from users on conflict do nothing;
insert into engagement_state (user_id, state) select id, 'x' from users on conflict do nothing;
insert into user_vice_preferences (user_id, category, intensity_level, engagement_score) select id, 'x', 1, 1 from users
  on conflict do nothing;
insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) select
  'audit:' || gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'h', 1, now(), now(), now() from
  generate_series(1,2000);
analyze;
update pg_class set reltuples = reltuples * 500 where relnamespace = 'public'::regnamespace and relkind in ('r', 'i');
