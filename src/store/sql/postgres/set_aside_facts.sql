-- set_aside_facts: notes that the embedder can't take these facts' texts
-- :facts uuid[]   which ones
-- :at    text     when it was tried
update memory_facts
set metadata = case
    when jsonb_typeof(metadata::jsonb) = 'object' then metadata::jsonb else '{}'::jsonb
  end || jsonb_build_object('set_aside_at', :at::text)
where id = any(:facts)
  and embedding is null
