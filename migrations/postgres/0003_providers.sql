-- State of model providers between runs, and their paid answers.

-- The circuit breakers (specification, part 05): one row for each provider that has ever been unavailable.
create table if not exists provider_breakers (
    provider   text primary key,
    failures   integer not null default 0,
    opened_at  timestamptz,
    tried_at   timestamptz not null,
    probed_by  uuid,
    updated_at timestamptz not null
);
comment on column provider_breakers.opened_at is 'nikita-jobs: since when it is open; null while it is closed';
comment on column provider_breakers.tried_at is 'nikita-jobs: when it was opened or last probed; the next probe keeps its distance';

-- Memos of paid answers (specification, part 02), kept until their conversation is closed.
create table if not exists stage_memos (
    conversation_id uuid not null references conversations (id) on delete cascade,
    stage           text not null,
    input_hash      text not null,
    answer          text not null,
    created_at      timestamptz not null default now(),
    primary key (conversation_id, stage, input_hash)
);

-- Facts that wait for their vector, oldest first.
create index if not exists memory_facts_without_vector on memory_facts (created_at, id)
    where embedding is null and is_active;
