-- commit_facts: stores new facts
-- :rows         text, JSON   rows of this table (commit/rows.rs)
-- :vectors      blob         all vectors, concatenated, 4 bytes per number
-- :user         text         the player
-- :conversation text         the conversation
-- :now          text         the run's time
-- :source       text         memory_facts.source
insert into memory_facts (
  id, user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, superseded_by, conversation_id, created_at
)
select
  f.value ->> 'id',
  :user,
  f.value ->> 'graph_type',
  f.value ->> 'fact',
  :source,
  f.value ->> 'confidence',
  substr(:vectors, (f.value ->> 'first' - 1) * 4 + 1, (f.value ->> 'last' - f.value ->> 'first' + 1) * 4),
  f.value -> 'metadata',
  f.value ->> 'superseded_by' is null and f.value ->> 'first' is not null,
  f.value ->> 'superseded_by',
  :conversation,
  :now
from json_each(:rows) f
where true
on conflict (id) do update set
  graph_type = excluded.graph_type,
  fact = excluded.fact,
  confidence = excluded.confidence,
  embedding = excluded.embedding,
  metadata = excluded.metadata,
  is_active = excluded.is_active,
  superseded_by = excluded.superseded_by
