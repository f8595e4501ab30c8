-- For programs that search the memory of all players, such as the application during a conversation. The jobs never use the index,
-- because it is approximate: to miss no near-duplicate, they compare exactly, and only with the same player's facts.
--
-- Created only if embeddings have pgvector's type with a fixed length and no such index exists. The extension's schema does not need
-- to be on the search path: many deployments have it in one called `extensions`.
do $$
declare
    extension_schema text;
begin
    select n.nspname into extension_schema
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace
    where a.attrelid = to_regclass('memory_facts') and a.attname = 'embedding' and not a.attisdropped
        and t.typname = 'vector' and a.atttypmod between 1 and 2000
        and exists (select from pg_am where amname = 'hnsw');
    if extension_schema is null or exists (
        select from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_am m on m.oid = c.relam
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indrelid = to_regclass('memory_facts') and m.amname in ('hnsw', 'ivfflat') and a.attname = 'embedding'
    ) then
        return;
    end if;
    execute format(
        'create index memory_facts_embedding on memory_facts using hnsw (embedding %I.vector_cosine_ops) where is_active',
        extension_schema);
end
$$;
