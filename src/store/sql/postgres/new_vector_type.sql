-- new_vector_type: the type that a new column of vectors gets: pgvector's, in whatever schema it lives, or a plain array
select coalesce(
    (
      select format('%I.vector(1536)', n.nspname)
      from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'vector'
    ),
    'real[]'
  )
