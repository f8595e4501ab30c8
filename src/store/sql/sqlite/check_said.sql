-- check_said: conversations that a run reported as processed, but that are not
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
-- scans: ready_prompts
-- scans: job_executions
with said as (
    select e.id as run, entry.value ->> '$.conversation_id' as conversation, entry.value ->> '$.status' as status,
        entry.value ->> '$.stage_results.prompt_builder.status' as prompts
    from job_executions e
    cross join json_each(case when json_valid(e.result) then e.result end, '$.conversations') entry
    where e.heartbeat_at is not null and e.status <> 'running' and entry.type = 'object'
      and entry.value ->> '$.status' in ('success', 'partial_success', 'skipped')
), ours as (
    select distinct p.conversation_id from ready_prompts p where p.pipeline_version like 'nikita-jobs %'
), theirs as (
    select distinct p.user_id from ready_prompts p where coalesce(p.pipeline_version, '') not like 'nikita-jobs %'
)
select cast(c.id as text) as id, 'run ' || said.run || ' has said ' || said.status || ', '
    || case when c.processed_at is null then 'it was never processed' else 'its prompts are gone' end as found
from said
join conversations c on cast(c.id as text) = said.conversation
left join ours on ours.conversation_id = c.id
left join theirs on theirs.user_id = c.user_id
-- The application has reset what our commit once closed and what is no longer processed.
where (c.processed_at is not null or c.closed_token is null)
  and (c.processed_at is null or (said.prompts = 'success' and ours.conversation_id is null and theirs.user_id is null))
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
