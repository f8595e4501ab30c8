-- new_vector_type: the type of a new column of vectors: pgvector's, qualified with its schema, or a plain array
select coalesce(
    (
      select format('%I.vector(1536)', n.nspname)
      from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'vector'
    ),
    'real[]'
  )
