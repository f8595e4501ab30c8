-- check_memo: memos of conversations that our commit has closed
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: stage_memos
-- scans: conversations
select cast(c.id as text) as id, cast(count(*) as text) || ' memos of a processed conversation' as found
from stage_memos m
join conversations c on c.id = m.conversation_id
where c.status = 'processed' and c.closed_token is not null
group by c.id
having (max(m.created_at) >= :since) is not false
order by c.id
limit :most
