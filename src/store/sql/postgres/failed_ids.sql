-- failed_ids: the conversations that failed, by their ids
-- :since   timestamptz   only those that failed, or were tried, after it; null: all
-- :error   text   only with this in the error; null: any
-- :stage   text   only those of this stage; null: any
-- :after   text   only those behind this id
-- :most    bigint   at most so many
select cast(c.id as text)
from conversations c
where
  c.status = 'failed'
  -- [chosen]
  and (:since::timestamptz is null or c.updated_at >= :since::timestamptz)
  and (:error::text is null or position(:error::text in c.last_error) > 0)
  and (:stage::text is null or c.last_error like :stage::text || ': %')
  -- [/chosen]
  and cast(c.id as text) > :after::text
order by cast(c.id as text)
limit :most
