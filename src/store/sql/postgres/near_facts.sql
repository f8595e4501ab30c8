-- near_facts: a player's active facts that can be similar enough, by pgvector's operator
-- :user     uuid               the player
-- :asked    text[]             the vectors to compare
-- :distance double precision   the largest distance
-- The store replaces `public` by the extension's schema, which need not be on the search path.
-- It filters and does not sort, so that no approximate index can serve it and miss a fact.
-- needs: pgvector
with asked as materialized (
  select text::public.vector as vector
  from unnest(:asked::text[]) text
)
select f.id, f.embedding::real[] as embedding
from memory_facts f
where f.user_id = :user
  and f.is_active
  and f.embedding is not null
  and exists (
    select from asked where f.embedding operator(public.<=>) asked.vector <= :distance
  )
