-- forget_memos: deletes the memos of conversations that have ended
-- scans: stage_memos
delete from stage_memos
where exists (
    select 1
    from conversations c
    where c.id = stage_memos.conversation_id
      and c.status in ('processed', 'failed')
  )
