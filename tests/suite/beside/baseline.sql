-- The game's back end beside us, as its published baseline makes it: every column with its type and default, every constraint, index,
-- trigger and row security of our twenty tables, in our own words, from facts about its public schema. {vector} is the type of a vector.

create type engagement_state_enum as enum ('calibrating', 'in_zone', 'drifting', 'clingy', 'distant', 'out_of_zone');

create function touch_updated_at() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;

create table users (
    id uuid not null, telegram_id bigint, phone varchar, relationship_score numeric not null default 50.00,
    chapter integer not null default 1, boss_attempts integer not null default 0, days_played integer not null default 0,
    last_interaction_at timestamptz, game_status varchar not null default 'active', timezone varchar not null default 'UTC',
    notifications_enabled boolean not null default true, cached_voice_prompt text, cached_voice_prompt_at timestamptz,
    cached_voice_context jsonb, onboarding_status text default 'pending', onboarding_profile jsonb default '{}',
    onboarded_at timestamptz, onboarding_call_id text, boss_fight_started_at timestamptz, routine_config jsonb default '{}',
    meta_instructions jsonb default '{}', last_conflict_at timestamptz, conflict_details jsonb, cool_down_until timestamptz,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(), primary key (id),
    unique (telegram_id)
);
create index on users (telegram_id) where (telegram_id is not null);
create index on users (game_status);
create index on users (telegram_id);
create trigger update_users_updated_at before update on users for each row execute function touch_updated_at();
alter table users enable row level security;

create table user_metrics (
    id uuid not null, user_id uuid not null, intimacy numeric not null default 50.00, passion numeric not null default 50.00,
    trust numeric not null default 50.00, secureness numeric not null default 50.00, vulnerability_exchanges integer default 0,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on user_metrics (user_id);
create unique index on user_metrics (user_id);
create trigger update_user_metrics_updated_at before update on user_metrics for each row execute function touch_updated_at();
alter table user_metrics enable row level security;

create table user_vice_preferences (
    id uuid not null, user_id uuid not null, category varchar not null, intensity_level integer not null default 1,
    engagement_score numeric not null default 0.00, discovered_at timestamptz not null,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on user_vice_preferences (user_id);
create unique index on user_vice_preferences (user_id, category);
alter table user_vice_preferences enable row level security;

create table engagement_state (
    id uuid not null default gen_random_uuid(), user_id uuid not null,
    state engagement_state_enum not null default 'calibrating'::engagement_state_enum,
    calibration_score numeric not null default 0.5, consecutive_in_zone integer not null default 0,
    consecutive_clingy_days integer not null default 0, consecutive_distant_days integer not null default 0,
    multiplier numeric not null default 0.9, last_calculated_at timestamptz, created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(), foreign key (user_id) references users(id) on delete cascade, primary key (id),
    unique (user_id)
);
create index on engagement_state (user_id);
alter table engagement_state enable row level security;

create table conversations (
    id uuid not null, user_id uuid not null, platform varchar not null, messages jsonb not null default '[]',
    started_at timestamptz not null default now(), ended_at timestamptz, score_delta numeric,
    is_boss_fight boolean not null default false, chapter_at_time integer not null default 1, search_vector tsvector,
    status text default 'active', processing_attempts integer default 0, processed_at timestamptz, last_message_at timestamptz,
    extracted_entities jsonb, conversation_summary text, emotional_tone text, elevenlabs_session_id text, transcript_raw text,
    processing_started_at timestamptz, created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(), foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on conversations (platform);
create index on conversations (user_id, status, last_message_at) where (status = 'active');
create index on conversations (started_at desc);
create index on conversations (status);
create index on conversations (status, processing_started_at) where (status = 'processing');
create index on conversations (user_id);
create index on conversations (user_id, status);
create index on conversations using gin (search_vector);
create index on conversations (started_at desc);
create index on conversations (user_id);
alter table conversations enable row level security;

create table score_history (
    id uuid not null, user_id uuid not null, score numeric not null, chapter integer not null, event_type varchar,
    event_details jsonb, recorded_at timestamptz not null default now(), created_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on score_history (user_id, recorded_at desc);
create index on score_history (user_id, recorded_at desc);
create index on score_history (recorded_at desc);
create index on score_history (user_id);
alter table score_history enable row level security;

create table daily_summaries (
    id uuid not null, user_id uuid not null, date date not null, score_start numeric, score_end numeric, decay_applied numeric,
    conversations_count integer not null default 0, nikita_summary_text text, key_events jsonb, summary_text text,
    key_moments jsonb, emotional_tone text, engagement_score numeric, created_at timestamptz not null default now(),
    updated_at timestamptz default now(), foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create unique index on daily_summaries (user_id, date);
create index on daily_summaries (user_id, date desc);
alter table daily_summaries enable row level security;

create table conversation_threads (
    id uuid not null default gen_random_uuid(), user_id uuid not null, thread_type text not null, content text not null,
    source_conversation_id uuid, status text default 'open', created_at timestamptz default now(), resolved_at timestamptz,
    foreign key (source_conversation_id) references conversations(id),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on conversation_threads (source_conversation_id);
create index on conversation_threads (user_id, status) where (status = 'open');
alter table conversation_threads enable row level security;

create table nikita_thoughts (
    id uuid not null default gen_random_uuid(), user_id uuid not null, thought_type text not null, content text not null,
    source_conversation_id uuid, expires_at timestamptz, used_at timestamptz, psychological_context jsonb default '{}',
    created_at timestamptz default now(), foreign key (source_conversation_id) references conversations(id),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on nikita_thoughts (source_conversation_id);
create index on nikita_thoughts (user_id, used_at, expires_at, created_at);
alter table nikita_thoughts enable row level security;

create table memory_facts (
    id uuid not null default gen_random_uuid(), user_id uuid not null, graph_type text not null, fact text not null,
    source text not null, confidence real not null, embedding {vector} not null, metadata jsonb default '{}',
    is_active boolean not null default true, superseded_by uuid, conversation_id uuid,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on memory_facts (user_id, graph_type, created_at desc) where (is_active = true);
alter table memory_facts enable row level security;

create table ready_prompts (
    id uuid not null default gen_random_uuid(), user_id uuid not null, platform text not null, prompt_text text not null,
    token_count integer not null, context_snapshot jsonb, pipeline_version text not null, generation_time_ms real not null,
    is_current boolean not null default true, conversation_id uuid, created_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create unique index on ready_prompts (user_id, platform) where (is_current = true);
create index on ready_prompts (user_id, created_at desc);
alter table ready_prompts enable row level security;

create table nikita_life_events (
    event_id uuid not null default gen_random_uuid(), user_id uuid not null, event_date date not null,
    time_of_day varchar not null, domain varchar not null, event_type varchar not null, description text not null,
    entities jsonb default '[]',
    emotional_impact jsonb not null default '{"arousal_delta": 0, "valence_delta": 0, "intimacy_delta": 0, "dominance_delta": 0}',
    importance double precision not null default 0.5, narrative_arc_id uuid, created_at timestamptz default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (event_id)
);
create index on nikita_life_events (user_id, domain);
create index on nikita_life_events (user_id, event_date);
alter table nikita_life_events enable row level security;

create table nikita_emotional_states (
    state_id uuid not null, user_id uuid not null, arousal numeric not null default 0.5, valence numeric not null default 0.5,
    dominance numeric not null default 0.5, intimacy numeric not null default 0.5, conflict_state text not null default 'none',
    conflict_started_at timestamptz, conflict_trigger text, ignored_message_count integer not null default 0,
    conflict_details jsonb default '{}', metadata jsonb default '{}', last_updated timestamptz not null default now(),
    created_at timestamptz not null default now(), foreign key (user_id) references users(id) on delete cascade,
    primary key (state_id)
);
create index on nikita_emotional_states (user_id, conflict_state) where (conflict_state <> 'none');
create index on nikita_emotional_states using gin (conflict_details);
create index on nikita_emotional_states (user_id, last_updated desc);
create index on nikita_emotional_states (user_id);
alter table nikita_emotional_states enable row level security;

create table scheduled_touchpoints (
    id uuid not null default gen_random_uuid(), user_id uuid not null, trigger_type varchar not null,
    trigger_context jsonb not null default '{}', message_content text not null default '', delivery_at timestamptz not null,
    delivered boolean not null default false, delivered_at timestamptz, skipped boolean not null default false,
    skip_reason varchar, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on scheduled_touchpoints (delivered, skipped, delivery_at) where ((delivered = false) and (skipped = false));
create index on scheduled_touchpoints (user_id);
alter table scheduled_touchpoints enable row level security;

create table scheduled_events (
    id uuid not null default gen_random_uuid(), user_id uuid not null, platform varchar not null, event_type varchar not null,
    content jsonb not null, scheduled_at timestamptz not null, delivered_at timestamptz,
    status varchar not null default 'pending', retry_count integer not null default 0, error_message text,
    source_conversation_id uuid, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (source_conversation_id) references conversations(id),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on scheduled_events (status, scheduled_at) where ((status) = 'pending');
create index on scheduled_events (scheduled_at);
create index on scheduled_events (status);
create index on scheduled_events (user_id);
alter table scheduled_events enable row level security;

create table job_executions (
    id uuid not null default gen_random_uuid(), job_name varchar not null, started_at timestamptz not null,
    completed_at timestamptz, status varchar not null default 'running', result jsonb, duration_ms integer,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(), primary key (id)
);
create index on job_executions (job_name, started_at desc);
create index on job_executions (status);
alter table job_executions enable row level security;

create table user_profiles (
    id uuid not null, location_city varchar, location_country varchar, life_stage varchar, social_scene varchar,
    primary_interest varchar, drug_tolerance integer not null default 3, created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(), foreign key (id) references users(id) on delete cascade, primary key (id)
);
create index on user_profiles (drug_tolerance);
create trigger update_user_profiles_updated_at before update on user_profiles for each row execute function touch_updated_at();
alter table user_profiles enable row level security;

create table user_backstories (
    id uuid not null default gen_random_uuid(), user_id uuid not null, venue_name varchar, venue_city varchar,
    scenario_type varchar, how_we_met text, the_moment text, unresolved_hook text, nikita_persona_overrides jsonb,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on user_backstories (user_id);
create unique index on user_backstories (user_id);
create trigger update_user_backstories_updated_at before update on user_backstories for each row execute function touch_updated_at();
alter table user_backstories enable row level security;

create table psyche_states (
    id uuid not null default gen_random_uuid(), user_id uuid not null, state jsonb not null default '{}',
    generated_at timestamptz default now(), model text not null default 'sonnet', token_count integer not null default 0,
    created_at timestamptz default now(), updated_at timestamptz default now(),
    foreign key (user_id) references users(id) on delete cascade, primary key (id)
);
create index on psyche_states (user_id);
create unique index on psyche_states (user_id);
alter table psyche_states enable row level security;

create table generated_prompts (
    id uuid not null default gen_random_uuid(), user_id uuid not null, conversation_id uuid, prompt_content text not null,
    token_count integer not null, generation_time_ms double precision not null, meta_prompt_template varchar not null,
    context_snapshot jsonb, platform varchar default 'text', created_at timestamptz not null default now(),
    foreign key (conversation_id) references conversations(id), foreign key (user_id) references users(id) on delete cascade,
    primary key (id)
);
create index on generated_prompts (conversation_id);
create index on generated_prompts (created_at desc);
create index on generated_prompts (created_at desc);
create index on generated_prompts (meta_prompt_template);
create index on generated_prompts (user_id);
create index on generated_prompts (user_id);
alter table generated_prompts enable row level security;
