-- set_aside_facts: notes that the embedder can't take these facts' texts
-- :facts text, a JSON list   which ones
-- :at    text                when it was tried
update memory_facts
set metadata = json_set(
    case when json_valid(metadata) and json_type(metadata) = 'object' then metadata else '{}' end, '$.set_aside_at', :at)
where id in (select value from json_each(:facts))
  and embedding is null
