-- failed_ids: the conversations that failed, by their ids
-- :since   text   only those that failed, or were tried, after it; null: all
-- :error   text   only with this in the error; null: any
-- :stage   text   only those of this stage; null: any
-- :after   text   only those behind this id
-- :most    bigint   at most so many
select cast(c.id as text)
from conversations c
where
  c.status = 'failed'
  -- [chosen]
  and (:since is null or c.updated_at >= :since)
  and (:error is null or instr(c.last_error, :error) > 0)
  and (:stage is null or c.last_error like :stage || ': %')
  -- [/chosen]
  and cast(c.id as text) > :after
order by cast(c.id as text)
limit :most
