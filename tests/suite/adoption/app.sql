-- A game's database as another application has made it: its own spelling of the tables of the specification's part 03, with what
-- occurs there. numeric without a scale, varchar, enums, nullable columns, columns of its own, triggers, foreign keys, row-level
-- security, and vectors that may not be null. {vector} is the type of a vector, {owner} and {service} are its roles.
set role {owner};

create type engagement_state_type as enum ('calibrating', 'in_zone', 'drifting', 'clingy', 'distant', 'out_of_zone');

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end
$$;

create table users (
    id                     uuid primary key,
    telegram_id            bigint,
    phone                  varchar(20) unique,
    relationship_score     numeric default 50.00,
    chapter                smallint default 1,
    boss_attempts          integer not null default 0,
    days_played            smallint default 0,
    game_status            varchar(20) default 'active'
                           check (game_status in ('active', 'boss_fight', 'game_over', 'won')),
    last_interaction_at    timestamp with time zone,
    onboarding_status      varchar default 'pending'
                           check (onboarding_status in ('pending', 'in_progress', 'completed', 'skipped')),
    onboarding_profile     jsonb default '{}',
    notifications_enabled  boolean default true,
    timezone               varchar(50) default 'UTC',
    conflict_details       jsonb,
    last_conflict_at       timestamp with time zone,
    cached_voice_prompt    text,
    cached_voice_prompt_at timestamp with time zone,
    score_band             integer generated always as (floor(relationship_score / 10)) stored,
    locale                 varchar not null default 'en',
    created_at             timestamp with time zone not null default now(),
    updated_at             timestamp with time zone default now()
);
create trigger users_updated_at before update on users for each row execute function set_updated_at();

create table user_metrics (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique references users (id) on delete cascade,
    intimacy numeric, passion numeric, trust numeric, secureness numeric,
    updated_at timestamp with time zone default now()
);

create table user_vice_preferences (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references users (id) on delete cascade,
    category varchar(50), intensity_level smallint, engagement_score numeric
);

create table engagement_state (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique references users (id) on delete cascade,
    state engagement_state_type not null default 'calibrating',
    multiplier numeric not null default 0.9
);

create table conversations (
    id                    uuid primary key,
    user_id               uuid references users (id) on delete cascade,
    platform              varchar(20) check (platform in ('telegram', 'text', 'voice')),
    messages              jsonb default '[]',
    status                varchar(20) default 'active' check (status in ('active', 'processing', 'processed', 'failed')),
    processing_attempts   smallint,
    processing_started_at timestamp with time zone,
    processed_at          timestamp with time zone,
    started_at            timestamp with time zone,
    ended_at              timestamp with time zone,
    last_message_at       timestamp with time zone,
    score_delta           numeric,
    chapter_at_time       smallint,
    is_boss_fight         boolean not null default false,
    elevenlabs_session_id varchar,
    extracted_entities    jsonb,
    conversation_summary  text,
    emotional_tone        varchar(50),
    search_vector         tsvector generated always as (to_tsvector('english', coalesce(conversation_summary, ''))) stored,
    created_at            timestamp with time zone not null default now(),
    updated_at            timestamp with time zone
);
create index idx_conversations_user on conversations (user_id);
create index idx_conversations_search on conversations using gin (search_vector);
create trigger conversations_updated_at before update on conversations for each row execute function set_updated_at();

create table score_history (
    id uuid primary key,
    user_id uuid references users (id) on delete cascade,
    score numeric not null, chapter smallint, event_type varchar(50), event_details jsonb,
    recorded_at timestamp with time zone
);

create table daily_summaries (
    id uuid primary key,
    user_id uuid references users (id) on delete cascade,
    date date,
    score_start numeric, score_end numeric, decay_applied numeric,
    conversations_count smallint,
    summary_text text, key_moments jsonb, emotional_tone varchar(20), nikita_summary_text text, key_events jsonb,
    created_at timestamp with time zone not null default now()
);

create table conversation_threads (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    thread_type varchar(50), content text,
    source_conversation_id uuid references conversations (id) on delete set null,
    status varchar(20) check (status in ('open', 'resolved', 'expired')),
    created_at timestamp with time zone
);

create table nikita_thoughts (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    thought_type varchar(50), content text,
    source_conversation_id uuid references conversations (id) on delete set null,
    expires_at timestamp with time zone, used_at timestamp with time zone, created_at timestamp with time zone
);

create table memory_facts (
    id              uuid primary key,
    user_id         uuid not null references users (id) on delete cascade,
    graph_type      varchar(20) not null check (graph_type in ('user', 'relationship', 'nikita')),
    fact            text not null,
    source          varchar(50),
    confidence      numeric,
    embedding       {vector} not null,
    metadata        jsonb,
    is_active       boolean,
    superseded_by   uuid references memory_facts (id),
    conversation_id uuid references conversations (id) on delete set null,
    fact_length     integer generated always as (length(fact)) stored
);

create table ready_prompts (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    platform varchar(10), prompt_text text, token_count integer, context_snapshot jsonb, pipeline_version varchar(50),
    generation_time_ms double precision,
    is_current boolean,
    conversation_id uuid references conversations (id),
    views integer not null default 0
);

create table nikita_life_events (
    event_id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    event_date date, time_of_day varchar(20), domain varchar(20) check (domain in ('work', 'social', 'personal')),
    event_type varchar(50), description text, emotional_impact jsonb, importance numeric
);

create table nikita_emotional_states (
    state_id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    arousal numeric, valence numeric, dominance numeric, intimacy numeric,
    conflict_state varchar(20), conflict_details jsonb, last_updated timestamp with time zone
);

create table scheduled_touchpoints (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    trigger_type varchar(20) check (trigger_type in ('time', 'event', 'gap')),
    trigger_context jsonb, message_content text, delivery_at timestamp with time zone,
    delivered boolean, skipped boolean,
    chapter smallint not null default 1
);

create table scheduled_events (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    platform varchar(20), event_type varchar(50), content jsonb, scheduled_at timestamp with time zone,
    status varchar(20) default 'pending' check (status in ('pending', 'delivered', 'failed')),
    retry_count integer not null default 0
);

create table job_executions (
    id uuid primary key,
    job_name varchar(100) not null,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    status varchar(20) check (status in ('running', 'completed', 'failed')),
    result jsonb, duration_ms integer, cost_usd numeric
);

create table audit_reports (
    audit_id uuid primary key,
    audit_type varchar(50),
    status varchar(20) check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
    audit_date timestamp with time zone,
    requested_by varchar not null default 'nightly'
);

-- Every table of it hides its rows from all but those who bypass it.
do $$
declare
    one regclass;
begin
    for one in select c.oid from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
        execute format('alter table %s enable row level security', one);
        execute format('alter table %s force row level security', one);
    end loop;
end
$$;
grant select, insert, update, delete on all tables in schema public to {service};
-- As on Supabase: what the owner makes later is the service's to use, and a guest's to read where nothing hides it.
alter default privileges in schema public grant all on tables to {service};
alter default privileges in schema public grant all on tables to {guest};

reset role;
