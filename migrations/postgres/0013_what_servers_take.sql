-- needs: 0010
-- How often a provider has refused a conversation (specification, part 05).
alter table conversations add column if not exists refusals integer not null default 0;
comment on column conversations.refusals is 'nikita-jobs: how often a model provider has refused it; meanwhile its player''s newer ones go on';

-- Which parts of a request a server refuses. Kept for a day, per model and per version of ours.
create table if not exists provider_lessons (
    address   text not null,
    model     text not null,
    version   text not null,
    manner    text not null,
    learnt_at timestamptz not null,
    primary key (address, model)
);

do $$
begin
    if (select relrowsecurity from pg_class where oid = to_regclass('users')) then
        alter table provider_lessons enable row level security;
    end if;
end
$$;
