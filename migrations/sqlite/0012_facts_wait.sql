-- needs: 0010
-- A fact that has no vector yet waits: the application's search can't bear an active one without. Our prompt reads both alike.
update memory_facts
set
    is_active = 0,
    metadata = json_set(case when json_valid(metadata) then metadata else '{}' end, '$.awaiting_vector', json('true'))
where embedding is null and is_active and source = 'pipeline_extraction';
create index if not exists memory_facts_waiting on memory_facts (user_id, created_at) where embedding is null and not is_active;

-- What a call left as one text, for a list without speech.
alter table conversations add column if not exists transcript_raw text;
