-- needs: 0010
-- A fact without a vector is inactive until it gets one, because the application's search fails on active facts without vectors. Our
-- prompt uses both kinds.
update memory_facts
set is_active = false, metadata = coalesce(metadata::jsonb, '{}') || '{"awaiting_vector": true}'
where embedding is null and is_active and source = 'pipeline_extraction';
create index if not exists memory_facts_waiting on memory_facts (user_id, created_at) where embedding is null and not is_active;

-- If the application uses row-level security, our tables do too, including that of audits.
do $$
begin
    if (select relrowsecurity from pg_class where oid = to_regclass('users')) then
        alter table audit_reports enable row level security;
    end if;
end
$$;

-- A call's transcript as one text, used if its list of messages contains no speech.
alter table conversations add column if not exists transcript_raw text;
