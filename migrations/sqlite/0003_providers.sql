-- State of model providers between runs, and their paid answers.

-- The circuit breakers (specification, part 05): one row for each provider that has ever been unavailable.
-- opened_at: since when it is open; null while it is closed.
-- tried_at: when it was opened or last probed; the next probe waits for some time after it.
create table if not exists provider_breakers (
    provider   text primary key,
    failures   integer not null default 0,
    opened_at  text check (opened_at glob '????-??-??T??:??:??.??????Z'),
    tried_at   text not null check (tried_at glob '????-??-??T??:??:??.??????Z'),
    probed_by  text,
    updated_at text not null check (updated_at glob '????-??-??T??:??:??.??????Z')
) strict;

-- Memos of paid answers (specification, part 02), kept until their conversation is closed.
create table if not exists stage_memos (
    conversation_id text not null references conversations (id) on delete cascade,
    stage           text not null,
    input_hash      text not null,
    answer          text not null,
    created_at      text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (created_at glob '????-??-??T??:??:??.??????Z'),
    primary key (conversation_id, stage, input_hash)
) strict;

-- Facts that wait for their vector, oldest first.
create index if not exists memory_facts_without_vector on memory_facts (created_at, id)
    where embedding is null and is_active;
