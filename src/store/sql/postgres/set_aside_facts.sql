-- set_aside_facts: marks facts whose texts the embedder rejects
-- :facts uuid[]   their ids
-- :at    text     the time of the try
update memory_facts
set metadata = case
    when jsonb_typeof(metadata::jsonb) = 'object' then metadata::jsonb else '{}'::jsonb
  end || jsonb_build_object('set_aside_at', :at::text)
where id = any(:facts)
  and embedding is null
