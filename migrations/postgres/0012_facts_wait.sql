-- needs: 0010
-- A fact that has no vector yet waits: the application's search can't bear an active one without. Our prompt reads both alike.
update memory_facts
set is_active = false, metadata = coalesce(metadata::jsonb, '{}') || '{"awaiting_vector": true}'
where embedding is null and is_active and source = 'pipeline_extraction';
create index if not exists memory_facts_waiting on memory_facts (user_id, created_at) where embedding is null and not is_active;

-- Where the application hides its rows by row-level security, ours are hidden as well, those of audits included.
do $$
begin
    if (select relrowsecurity from pg_class where oid = to_regclass('users')) then
        alter table audit_reports enable row level security;
    end if;
end
$$;

-- What a call left as one text, for a list without speech.
alter table conversations add column if not exists transcript_raw text;
