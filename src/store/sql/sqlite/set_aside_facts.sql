-- set_aside_facts: marks facts whose texts the embedder rejects
-- :facts text, a JSON list   their ids
-- :at    text                the time of the try
update memory_facts
set metadata = json_set(
    case when json_valid(metadata) and json_type(metadata) = 'object' then metadata else '{}' end, '$.set_aside_at', :at)
where id in (select value from json_each(:facts))
  and embedding is null
