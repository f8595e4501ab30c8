-- What is known about model providers between runs, and what their answers cost.

-- The circuit breakers (specification, part 05): one row a provider that was unavailable at some time.
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

-- Answers that were paid for (specification, part 02), until their conversation has ended.
create table if not exists stage_memos (
    conversation_id uuid not null references conversations (id) on delete cascade,
    stage           text not null,
    input_hash      text not null,
    answer          text not null,
    created_at      timestamptz not null default now(),
    primary key (conversation_id, stage, input_hash)
);

-- Facts that wait for their vector, the oldest first.
create index if not exists memory_facts_without_vector on memory_facts (created_at, id)
    where embedding is null and is_active;
