-- For whoever searches across the memory of all players, such as the application while it talks. The jobs never use it: it is
-- approximate, and a player's near-duplicate must not be missed, so they compare exactly, among that player's facts alone.
--
-- Only where embeddings are pgvector's, of a fixed length, and nobody has made such an index before. The extension's schema
-- need not be on the search path: many deployments keep it in one called `extensions`.
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
