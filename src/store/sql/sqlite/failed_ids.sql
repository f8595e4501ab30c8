-- failed_ids: the ids of failed conversations, in order
-- :since   text   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :after   text   only ids behind this one
-- :most    bigint   the most rows
select cast(c.id as text)
from conversations c
where
  c.status = 'failed'
  -- [chosen]
  and c.updated_at >= coalesce(:since, '')
  and (:error is null or instr(c.last_error, :error) > 0)
  and (:stage is null or c.last_error like :stage || ': %')
  -- [/chosen]
  and cast(c.id as text) > :after
order by cast(c.id as text)
limit :most
