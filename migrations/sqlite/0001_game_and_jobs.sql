-- The tables of the game and of its jobs (specification, part 03), for SQLite.
--
-- Ids are lower-case hyphenated text, timestamps fixed-width RFC 3339 text in UTC with microseconds, JSON is text, scores
-- are numbers with two decimals, booleans 0 or 1, vectors little-endian f32 blobs. Timestamps that statements compare have a
-- check of their form, because text in another form would silently sort wrong.

create table if not exists users (
    id                     text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    telegram_id            integer,
    relationship_score     real not null default 50.00,
    chapter                integer not null default 1,
    game_status            text not null default 'active'
                           check (game_status in ('active', 'boss_fight', 'game_over', 'won')),
    last_interaction_at    text check (last_interaction_at glob '????-??-??T??:??:??.??????Z'),
    onboarding_status      text not null default 'pending'
                           check (onboarding_status in ('pending', 'in_progress', 'completed', 'skipped')),
    notifications_enabled  integer not null default 1,
    timezone               text not null default 'UTC',
    days_played            integer not null default 0,
    conflict_details       text,
    last_conflict_at       text check (last_conflict_at glob '????-??-??T??:??:??.??????Z'),
    cached_voice_prompt    text,
    cached_voice_prompt_at text check (cached_voice_prompt_at glob '????-??-??T??:??:??.??????Z'),
    created_at             text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z'),
    updated_at             text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (updated_at glob '????-??-??T??:??:??.??????Z'),
    decayed_through text check (decayed_through glob '????-??-??T??:??:??.??????Z')
) strict;
-- A file that was created by hand can have the table without our columns.
alter table users add column if not exists decayed_through text check (decayed_through glob '????-??-??T??:??:??.??????Z');

create table if not exists user_metrics (
    id         text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id    text not null unique references users (id) on delete cascade,
    intimacy   real not null default 50.00,
    passion    real not null default 50.00,
    trust      real not null default 50.00,
    secureness real not null default 50.00
) strict;

create table if not exists user_vice_preferences (
    id               text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id          text not null references users (id) on delete cascade,
    category         text not null,
    intensity_level  integer not null default 1,
    engagement_score real not null default 0
) strict;
create index if not exists user_vice_preferences_user on user_vice_preferences (user_id);

create table if not exists engagement_state (
    id      text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id text not null unique references users (id) on delete cascade,
    state   text not null default 'calibrating'
) strict;

create table if not exists conversations (
    id                    text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id               text not null references users (id) on delete cascade,
    platform              text not null default 'telegram' check (platform in ('telegram', 'text', 'voice')),
    messages              text not null default '[]',
    status                text not null default 'active' check (status in ('active', 'processing', 'processed', 'failed')),
    processing_attempts   integer not null default 0,
    processing_started_at text check (processing_started_at glob '????-??-??T??:??:??.??????Z'),
    processed_at          text check (processed_at glob '????-??-??T??:??:??.??????Z'),
    started_at            text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (started_at glob '????-??-??T??:??:??.??????Z'),
    ended_at              text check (ended_at glob '????-??-??T??:??:??.??????Z'),
    last_message_at       text check (last_message_at glob '????-??-??T??:??:??.??????Z'),
    score_delta           real,
    chapter_at_time       integer,
    extracted_entities    text,
    conversation_summary  text,
    emotional_tone        text,
    updated_at            text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (updated_at glob '????-??-??T??:??:??.??????Z'),
    claimed_by text,
    claim_token text,
    next_attempt_at text check (next_attempt_at glob '????-??-??T??:??:??.??????Z'),
    provider_outages integer not null default 0,
    last_error text
) strict;
alter table conversations add column if not exists claimed_by text;
alter table conversations add column if not exists claim_token text;
alter table conversations add column if not exists next_attempt_at text check (next_attempt_at glob '????-??-??T??:??:??.??????Z');
alter table conversations add column if not exists provider_outages integer not null default 0;
alter table conversations add column if not exists last_error text;
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
    id            text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id       text not null references users (id) on delete cascade,
    score         real not null,
    chapter       integer not null,
    event_type    text not null,
    event_details text,
    recorded_at   text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (recorded_at glob '????-??-??T??:??:??.??????Z')
) strict;
create index if not exists score_history_user on score_history (user_id, recorded_at);

create table if not exists daily_summaries (
    id                  text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id             text not null references users (id) on delete cascade,
    date                text not null,
    score_start         real,
    score_end           real,
    decay_applied       real,
    conversations_count integer not null default 0,
    summary_text        text,
    key_moments         text,
    emotional_tone      text,
    nikita_summary_text text,
    key_events          text,
    unique (user_id, date)
) strict;

create table if not exists conversation_threads (
    id                     text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id                text not null references users (id) on delete cascade,
    thread_type            text not null default 'follow_up',
    content                text not null,
    source_conversation_id text,
    status                 text not null default 'open',
    created_at             text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
create index if not exists conversation_threads_open on conversation_threads (user_id, created_at) where status = 'open';

create table if not exists nikita_thoughts (
    id                     text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id                text not null references users (id) on delete cascade,
    thought_type           text not null default 'reflection',
    content                text not null,
    source_conversation_id text,
    expires_at             text check (expires_at glob '????-??-??T??:??:??.??????Z'),
    used_at                text check (used_at glob '????-??-??T??:??:??.??????Z'),
    created_at             text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
create index if not exists nikita_thoughts_unused on nikita_thoughts (user_id, created_at) where used_at is null;

create table if not exists memory_facts (
    id              text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id         text not null references users (id) on delete cascade,
    graph_type      text not null check (graph_type in ('user', 'relationship', 'nikita')),
    fact            text not null,
    source          text not null default 'manual',
    confidence      real not null default 0.85,
    embedding       blob,
    metadata        text not null default '{}',
    is_active       integer not null default 1,
    superseded_by   text,
    conversation_id text,
    created_at      text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
-- Existing facts count as older than all others; SQLite requires a constant default.
alter table memory_facts add column if not exists created_at text not null default '1970-01-01T00:00:00.000000Z';
create index if not exists memory_facts_active on memory_facts (user_id, created_at) where is_active;

create table if not exists ready_prompts (
    id                 text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id            text not null references users (id) on delete cascade,
    platform           text not null check (platform in ('text', 'voice')),
    prompt_text        text not null,
    token_count        integer not null default 0,
    context_snapshot   text,
    pipeline_version   text not null default '',
    generation_time_ms real,
    is_current         integer not null default 1,
    conversation_id    text,
    created_at         text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
alter table ready_prompts add column if not exists created_at text;
create unique index if not exists ready_prompts_current on ready_prompts (user_id, platform) where is_current;

create table if not exists nikita_life_events (
    event_id         text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id          text not null references users (id) on delete cascade,
    event_date       text not null,
    time_of_day      text not null,
    domain           text not null check (domain in ('work', 'social', 'personal')),
    event_type       text not null,
    description      text not null,
    emotional_impact text not null default '{}',
    importance       real not null default 0.5
) strict;
create index if not exists nikita_life_events_day on nikita_life_events (user_id, event_date);

create table if not exists nikita_emotional_states (
    state_id         text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id          text not null references users (id) on delete cascade,
    arousal          real not null default 0.5,
    valence          real not null default 0.5,
    dominance        real not null default 0.5,
    intimacy         real not null default 0.5,
    conflict_state   text not null default 'none',
    conflict_details text,
    last_updated     text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (last_updated glob '????-??-??T??:??:??.??????Z')
) strict;
create index if not exists nikita_emotional_states_user on nikita_emotional_states (user_id, last_updated);

create table if not exists scheduled_touchpoints (
    id              text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id         text not null references users (id) on delete cascade,
    trigger_type    text not null check (trigger_type in ('time', 'event', 'gap')),
    trigger_context text,
    message_content text not null default '',
    delivery_at     text not null check (delivery_at glob '????-??-??T??:??:??.??????Z'),
    delivered       integer not null default 0,
    delivered_at    text check (delivered_at glob '????-??-??T??:??:??.??????Z'),
    skipped         integer not null default 0,
    created_at      text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
alter table scheduled_touchpoints add column if not exists created_at text;
create index if not exists scheduled_touchpoints_user on scheduled_touchpoints (user_id, delivery_at);

create table if not exists scheduled_events (
    id           text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    user_id      text not null references users (id) on delete cascade,
    platform     text not null default 'telegram',
    event_type   text not null,
    content      text not null default '{}',
    scheduled_at text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (scheduled_at glob '????-??-??T??:??:??.??????Z'),
    status       text not null default 'pending',
    created_at   text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z')
) strict;
create index if not exists scheduled_events_pending on scheduled_events (scheduled_at) where status = 'pending';

create table if not exists job_executions (
    id           text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    job_name     text not null,
    started_at   text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (started_at glob '????-??-??T??:??:??.??????Z'),
    completed_at text check (completed_at glob '????-??-??T??:??:??.??????Z'),
    status       text not null default 'running' check (status in ('running', 'completed', 'failed')),
    result       text,
    duration_ms  integer,
    cost_usd     real,
    heartbeat_at text check (heartbeat_at glob '????-??-??T??:??:??.??????Z'),
    host text,
    pid integer
) strict;
alter table job_executions add column if not exists heartbeat_at text check (heartbeat_at glob '????-??-??T??:??:??.??????Z');
alter table job_executions add column if not exists host text;
alter table job_executions add column if not exists pid integer;
-- The window reads the latest completed run of a job, a scan the running ones.
create index if not exists job_executions_completed on job_executions (job_name, completed_at) where status = 'completed';
create index if not exists job_executions_running on job_executions (started_at) where status = 'running';

create table if not exists job_leases (
    lease_key    text primary key,
    execution_id text not null,
    token        text not null,
    host         text not null default '',
    pid          integer not null default 0,
    acquired_at  text not null check (acquired_at glob '????-??-??T??:??:??.??????Z'),
    heartbeat_at text not null check (heartbeat_at glob '????-??-??T??:??:??.??????Z'),
    expires_at   text not null check (expires_at glob '????-??-??T??:??:??.??????Z')
) strict;
