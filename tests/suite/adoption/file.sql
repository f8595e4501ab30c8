-- Tables of the specification's part 03 as somebody has made them by hand: no defaults, no checks, no columns of ours, not strict.
create table users (id text primary key, telegram_id integer, relationship_score numeric, chapter integer, game_status varchar(20),
    last_interaction_at text, onboarding_status text, notifications_enabled boolean, timezone text, days_played integer,
    conflict_details text, last_conflict_at text, cached_voice_prompt text, cached_voice_prompt_at text, nickname text);
create table user_metrics (user_id text references users (id), intimacy numeric, passion numeric, trust numeric, secureness numeric);
create table user_vice_preferences (user_id text, category text, intensity_level integer, engagement_score numeric);
create table engagement_state (user_id text, state text);
create table conversations (id text primary key, user_id text, platform text, messages text, status text, processing_attempts integer,
    processing_started_at text, processed_at text, started_at text, ended_at text, last_message_at text, score_delta numeric,
    chapter_at_time integer, extracted_entities text, conversation_summary text, emotional_tone text, updated_at text);
create table score_history (id text primary key, user_id text, score numeric, chapter integer, event_type text, event_details text, recorded_at text);
create table daily_summaries (id text primary key, user_id text, date text, score_start numeric, score_end numeric, decay_applied numeric,
    conversations_count integer, summary_text text, key_moments text, emotional_tone text, nikita_summary_text text, key_events text);
create table conversation_threads (id text primary key, user_id text, thread_type text, content text, source_conversation_id text,
    status text, created_at text);
create table nikita_thoughts (id text primary key, user_id text, thought_type text, content text, source_conversation_id text,
    expires_at text, used_at text, created_at text);
create table memory_facts (id text primary key, user_id text, graph_type text, fact text, source text, confidence numeric,
    embedding blob, metadata text, is_active boolean, superseded_by text, conversation_id text);
create table ready_prompts (id text primary key, user_id text, platform text, prompt_text text, token_count integer,
    context_snapshot text, pipeline_version text, generation_time_ms numeric, is_current boolean, conversation_id text);
create table nikita_life_events (event_id text primary key, user_id text, event_date text, time_of_day text, domain text,
    event_type text, description text, emotional_impact text, importance numeric);
create table nikita_emotional_states (state_id text primary key, user_id text, arousal numeric, valence numeric, dominance numeric,
    intimacy numeric, conflict_state text, conflict_details text, last_updated text);
create table scheduled_touchpoints (id text primary key, user_id text, trigger_type text, trigger_context text, message_content text,
    delivery_at text, delivered boolean, skipped boolean);
create table scheduled_events (id text primary key, user_id text, platform text, event_type text, content text, scheduled_at text, status text);
create table job_executions (id text primary key, job_name text, started_at text, completed_at text, status text, result text,
    duration_ms integer, cost_usd numeric);
create table audit_reports (audit_id text primary key, audit_type text, status text, audit_date text);

insert into users (id, telegram_id, relationship_score, chapter, game_status, last_interaction_at, onboarding_status, notifications_enabled, nickname) values
    ('00000000-0000-4000-8000-000000000001', 1, 60, 1, 'active', '2026-11-18T02:00:00.000000Z', 'completed', 1, 'Jo'),
    ('00000000-0000-4000-8000-000000000002', 2, 40.5, 1, 'active', '2026-11-18T02:00:00.000000Z', 'completed', 1, null),
    ('00000000-0000-4000-8000-000000000003', 3, 0.5, 1, 'active', '2026-11-18T02:00:00.000000Z', 'completed', 1, null),
    ('00000000-0000-4000-8000-000000000004', null, null, null, null, null, null, null, null);
insert into conversations (id, user_id, platform, messages, status, started_at, last_message_at)
select '10000000-0000-4000-8000-00000000000' || value, '00000000-0000-4000-8000-00000000000' || value, 'text',
    '[{"role": "user", "content": "I work as a nurse in Lisbon."}]', 'active', '2026-11-18T02:00:00.000000Z', '2026-11-18T02:00:00.000000Z'
from json_each('[1, 2, 3]');
insert into conversations (id, user_id, status) values ('20000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000004', 'processed');
insert into memory_facts (id, user_id, graph_type, fact, is_active) values
    ('50000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'user', 'Likes climbing', 1);
insert into job_executions (id, job_name, started_at, status) values
    ('30000000-0000-4000-8000-000000000003', 'backup', '2026-11-18T02:00:00.000000Z', 'running');
insert into audit_reports (audit_id, audit_type, status, audit_date) values
    ('night-1', 'nightly', 'in_progress', '2026-11-18T02:00:00.000000Z'),
    ('40000000-0000-4000-8000-000000000001', 'nightly', 'in_progress', '2026-11-18T02:00:00.000000Z');
