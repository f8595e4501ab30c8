-- The tables of the game and of its jobs (specification, part 03).
--
-- In an application's database every existing table, column and row stays: all statements are additive and can be repeated.

create table if not exists users (
    id                     uuid primary key default gen_random_uuid(),
    telegram_id            bigint,
    relationship_score     numeric(5, 2) not null default 50.00,
    chapter                integer not null default 1,
    game_status            text not null default 'active'
                           check (game_status in ('active', 'boss_fight', 'game_over', 'won')),
    last_interaction_at    timestamptz,
    onboarding_status      text not null default 'pending'
                           check (onboarding_status in ('pending', 'in_progress', 'completed', 'skipped')),
    notifications_enabled  boolean not null default true,
    timezone               text not null default 'UTC',
    days_played            integer not null default 0,
    conflict_details       jsonb,
    last_conflict_at       timestamptz,
    cached_voice_prompt    text,
    cached_voice_prompt_at timestamptz,
    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now()
);
alter table users add column if not exists decayed_through timestamptz;
comment on column users.decayed_through is 'nikita-jobs: every overdue hour before this instant has been charged';

create table if not exists user_metrics (
    id         uuid primary key default gen_random_uuid(),
    user_id    uuid not null unique references users (id) on delete cascade,
    intimacy   numeric(5, 2) not null default 50.00,
    passion    numeric(5, 2) not null default 50.00,
    trust      numeric(5, 2) not null default 50.00,
    secureness numeric(5, 2) not null default 50.00
);

create table if not exists user_vice_preferences (
    id               uuid primary key default gen_random_uuid(),
    user_id          uuid not null references users (id) on delete cascade,
    category         text not null,
    intensity_level  integer not null default 1,
    engagement_score numeric(6, 2) not null default 0
);
create index if not exists user_vice_preferences_user on user_vice_preferences (user_id);

create table if not exists engagement_state (
    id      uuid primary key default gen_random_uuid(),
    user_id uuid not null unique references users (id) on delete cascade,
    state   text not null default 'calibrating'
);

create table if not exists conversations (
    id                    uuid primary key default gen_random_uuid(),
    user_id               uuid not null references users (id) on delete cascade,
    platform              text not null default 'telegram' check (platform in ('telegram', 'text', 'voice')),
    messages              jsonb not null default '[]',
    status                text not null default 'active' check (status in ('active', 'processing', 'processed', 'failed')),
    processing_attempts   integer not null default 0,
    processing_started_at timestamptz,
    processed_at          timestamptz,
    started_at            timestamptz not null default now(),
    ended_at              timestamptz,
    last_message_at       timestamptz,
    score_delta           numeric(6, 2),
    chapter_at_time       integer,
    extracted_entities    jsonb,
    conversation_summary  text,
    emotional_tone        text,
    updated_at            timestamptz not null default now()
);
alter table conversations add column if not exists claimed_by uuid;
alter table conversations add column if not exists claim_token uuid;
alter table conversations add column if not exists next_attempt_at timestamptz;
alter table conversations add column if not exists provider_outages integer not null default 0;
alter table conversations add column if not exists last_error text;
comment on column conversations.claimed_by is 'nikita-jobs: the job_executions row that is processing it';
comment on column conversations.claim_token is 'nikita-jobs: the fence; only its bearer may write the outcome';
comment on column conversations.next_attempt_at is 'nikita-jobs: not before this instant';
comment on column conversations.provider_outages is 'nikita-jobs: releases for a provider outage, which cost no attempt';
comment on column conversations.last_error is 'nikita-jobs: why the latest attempt did not succeed';
-- For claims: the active conversations, oldest first, at a cost that does not grow with the processed ones.
create index if not exists conversations_due on conversations (last_message_at) where status = 'active';
create index if not exists conversations_ended_calls on conversations (ended_at)
    where status = 'active' and platform = 'voice' and ended_at is not null;
-- The database enforces that a player has at most one claimed conversation.
create unique index if not exists conversations_one_claim_per_user on conversations (user_id) where claim_token is not null;
-- For the rule that a player's older conversations are processed first.
create index if not exists conversations_waiting on conversations (user_id, last_message_at)
    where status in ('active', 'processing');
create index if not exists conversations_processing on conversations (updated_at) where status = 'processing';
create index if not exists conversations_finished on conversations (user_id, processed_at) where status = 'processed';

create table if not exists score_history (
    id            uuid primary key default gen_random_uuid(),
    user_id       uuid not null references users (id) on delete cascade,
    score         numeric(5, 2) not null,
    chapter       integer not null,
    event_type    text not null,
    event_details jsonb,
    recorded_at   timestamptz not null default now()
);
create index if not exists score_history_user on score_history (user_id, recorded_at);

create table if not exists daily_summaries (
    id                  uuid primary key default gen_random_uuid(),
    user_id             uuid not null references users (id) on delete cascade,
    date                date not null,
    score_start         numeric(5, 2),
    score_end           numeric(5, 2),
    decay_applied       numeric(5, 2),
    conversations_count integer not null default 0,
    summary_text        text,
    key_moments         jsonb,
    emotional_tone      text,
    nikita_summary_text text,
    key_events          jsonb,
    unique (user_id, date)
);

create table if not exists conversation_threads (
    id                     uuid primary key default gen_random_uuid(),
    user_id                uuid not null references users (id) on delete cascade,
    thread_type            text not null default 'follow_up',
    content                text not null,
    source_conversation_id uuid,
    status                 text not null default 'open',
    created_at             timestamptz not null default now()
);
create index if not exists conversation_threads_open on conversation_threads (user_id, created_at) where status = 'open';

create table if not exists nikita_thoughts (
    id                     uuid primary key default gen_random_uuid(),
    user_id                uuid not null references users (id) on delete cascade,
    thought_type           text not null default 'reflection',
    content                text not null,
    source_conversation_id uuid,
    expires_at             timestamptz,
    used_at                timestamptz,
    created_at             timestamptz not null default now()
);
create index if not exists nikita_thoughts_unused on nikita_thoughts (user_id, created_at) where used_at is null;

-- Vectors have pgvector's type if the extension is available, and are plain arrays otherwise.
do $$
begin
    if to_regclass('memory_facts') is null then
        if exists (select from pg_available_extensions where name = 'vector') then
            create extension if not exists vector;
        end if;
        create table memory_facts (
            id              uuid primary key default gen_random_uuid(),
            user_id         uuid not null references users (id) on delete cascade,
            graph_type      text not null check (graph_type in ('user', 'relationship', 'nikita')),
            fact            text not null,
            source          text not null default 'manual',
            confidence      real not null default 0.85,
            metadata        jsonb not null default '{}',
            is_active       boolean not null default true,
            superseded_by   uuid,
            conversation_id uuid,
            created_at      timestamptz not null default now()
        );
        -- The extension can be in a schema that is not on the search path, such as `extensions`.
        execute format('alter table memory_facts add column embedding %s', coalesce(
            (select format('%I.vector(1536)', n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
             where e.extname = 'vector'),
            'real[]'));
    end if;
end
$$;
alter table memory_facts add column if not exists created_at timestamptz not null default now();
create index if not exists memory_facts_active on memory_facts (user_id, created_at) where is_active;

create table if not exists ready_prompts (
    id                 uuid primary key default gen_random_uuid(),
    user_id            uuid not null references users (id) on delete cascade,
    platform           text not null check (platform in ('text', 'voice')),
    prompt_text        text not null,
    token_count        integer not null default 0,
    context_snapshot   jsonb,
    pipeline_version   text not null default '',
    generation_time_ms real,
    is_current         boolean not null default true,
    conversation_id    uuid,
    created_at         timestamptz not null default now()
);
alter table ready_prompts add column if not exists created_at timestamptz not null default now();
-- An application without such an index can have rows that violate it. We must not guess which of two is current.
do $$
declare
    example record;
begin
    select user_id, platform, count(*) over () as players into example
    from ready_prompts where is_current group by user_id, platform having count(*) > 1 order by user_id, platform limit 1;
    if found then
        raise exception using errcode = 'NJ001', message = format(
            'ready_prompts has more than one current prompt for %s of player and platform (one of them: %s, %s), and the jobs '
            'need one at most. Nothing has been changed. Keep one of each as current, for example the row that was stored last: '
            '`update ready_prompts set is_current = false where is_current and ctid not in (select distinct on (user_id, platform) '
            'ctid from ready_prompts where is_current order by user_id, platform, ctid desc)`. Then run `nikita-jobs migrate` again',
            case example.players when 1 then 'one pair' else example.players || ' pairs' end, example.user_id, example.platform);
    end if;
end
$$;
create unique index if not exists ready_prompts_current on ready_prompts (user_id, platform) where is_current;

create table if not exists nikita_life_events (
    event_id         uuid primary key default gen_random_uuid(),
    user_id          uuid not null references users (id) on delete cascade,
    event_date       date not null,
    time_of_day      text not null,
    domain           text not null check (domain in ('work', 'social', 'personal')),
    event_type       text not null,
    description      text not null,
    emotional_impact jsonb not null default '{}',
    importance       real not null default 0.5
);
create index if not exists nikita_life_events_day on nikita_life_events (user_id, event_date);

create table if not exists nikita_emotional_states (
    state_id         uuid primary key default gen_random_uuid(),
    user_id          uuid not null references users (id) on delete cascade,
    arousal          real not null default 0.5,
    valence          real not null default 0.5,
    dominance        real not null default 0.5,
    intimacy         real not null default 0.5,
    conflict_state   text not null default 'none',
    conflict_details jsonb,
    last_updated     timestamptz not null default now()
);
create index if not exists nikita_emotional_states_user on nikita_emotional_states (user_id, last_updated);

create table if not exists scheduled_touchpoints (
    id              uuid primary key default gen_random_uuid(),
    user_id         uuid not null references users (id) on delete cascade,
    trigger_type    text not null check (trigger_type in ('time', 'event', 'gap')),
    trigger_context jsonb,
    message_content text not null default '',
    delivery_at     timestamptz not null,
    delivered       boolean not null default false,
    delivered_at    timestamptz,
    skipped         boolean not null default false,
    created_at      timestamptz not null default now()
);
alter table scheduled_touchpoints add column if not exists created_at timestamptz not null default now();
create index if not exists scheduled_touchpoints_user on scheduled_touchpoints (user_id, delivery_at);

create table if not exists scheduled_events (
    id           uuid primary key default gen_random_uuid(),
    user_id      uuid not null references users (id) on delete cascade,
    platform     text not null default 'telegram',
    event_type   text not null,
    content      jsonb not null default '{}',
    scheduled_at timestamptz not null default now(),
    status       text not null default 'pending',
    created_at   timestamptz not null default now()
);
create index if not exists scheduled_events_pending on scheduled_events (scheduled_at) where status = 'pending';

create table if not exists job_executions (
    id           uuid primary key default gen_random_uuid(),
    job_name     text not null,
    started_at   timestamptz not null default now(),
    completed_at timestamptz,
    status       text not null default 'running' check (status in ('running', 'completed', 'failed')),
    result       jsonb,
    duration_ms  bigint,
    cost_usd     numeric(12, 6)
);
alter table job_executions add column if not exists heartbeat_at timestamptz;
alter table job_executions add column if not exists host text;
alter table job_executions add column if not exists pid integer;
comment on column job_executions.heartbeat_at is 'nikita-jobs: set from the start, so a row without it is not ours';
-- The window reads the latest completed run of a job, a scan the running ones.
create index if not exists job_executions_completed on job_executions (job_name, completed_at) where status = 'completed';
create index if not exists job_executions_running on job_executions (started_at) where status = 'running';

create table if not exists job_leases (
    lease_key    text primary key,
    execution_id uuid not null,
    token        uuid not null,
    host         text not null default '',
    pid          integer not null default 0,
    acquired_at  timestamptz not null,
    heartbeat_at timestamptz not null,
    expires_at   timestamptz not null
);
