-- check_effects_early: effects of conversations that were never processed
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: memory_facts
-- scans: conversation_threads
-- scans: nikita_thoughts
-- scans: ready_prompts
-- scans: conversations
with effects as (
    select f.id, f.conversation_id as conversation, 'a fact' as what, f.created_at from memory_facts f
    union all
    select t.id, t.source_conversation_id, 'a thread', t.created_at from conversation_threads t
    union all
    select t.id, t.source_conversation_id, 'a thought', t.created_at from nikita_thoughts t
    union all
    select p.id, p.conversation_id, 'a prompt', p.created_at from ready_prompts p where p.pipeline_version like 'nikita-jobs %'
)
select cast(x.id as text) as id, x.what || ' of conversation ' || cast(c.id as text) || ', which was never processed' as found
from effects x
join conversations c on c.id = x.conversation
where c.processed_at is null and (c.status = 'processed') is not true
  -- The application has reset what our commit once closed.
  and c.closed_token is null
  -- Ids that we derive are of version 5; the application's are random.
  and (x.what = 'a prompt' or substr(cast(x.id as text), 15, 1) = '5')
  and (x.created_at >= :since) is not false
order by x.id
limit :most
