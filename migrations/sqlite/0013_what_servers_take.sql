-- needs: 0010
-- How often a provider has refused a conversation (specification, part 05).
alter table conversations add column if not exists refusals integer not null default 0;

-- Which parts of a request a server refuses. Kept for a day, per model and per version of ours.
create table if not exists provider_lessons (
    address   text not null,
    model     text not null,
    version   text not null,
    manner    text not null,
    learnt_at text not null check (learnt_at glob '????-??-??T??:??:??.??????Z'),
    primary key (address, model)
) strict;
