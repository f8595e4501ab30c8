-- check_effects_whole: processed conversations with missing or duplicate prompts
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
-- scans: ready_prompts
with ours as (
    select p.conversation_id,
        count(case when p.platform = 'text' then 1 end) as texts,
        count(case when p.platform = 'voice' then 1 end) as voices
    from ready_prompts p
    where p.pipeline_version like 'nikita-jobs %' and p.conversation_id is not null
    group by p.conversation_id
), theirs as (
    select p.user_id,
        count(case when p.platform = 'text' then 1 end) as texts,
        count(case when p.platform = 'voice' then 1 end) as voices
    from ready_prompts p
    where coalesce(p.pipeline_version, '') not like 'nikita-jobs %'
    group by p.user_id
)
select cast(c.id as text) as id,
    cast(ours.texts as text) || ' prompts for text, ' || cast(ours.voices as text) || ' for voice' as found
from ours
join conversations c on c.id = ours.conversation_id
left join theirs on theirs.user_id = c.user_id
where c.status = 'processed'
  and (ours.texts > 1 or ours.voices > 1
    or (ours.texts = 0 and coalesce(theirs.texts, 0) = 0)
    or (ours.voices = 0 and coalesce(theirs.voices, 0) = 0))
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
