-- failed_ids: the ids of failed conversations, in order
-- :since   timestamptz   only those that failed, or were last tried, after this; null: all
-- :error   text   only errors that contain this; null: any
-- :stage   text   only failures of this stage; null: any
-- :after   text   only ids behind this one
-- :most    bigint   the most rows
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
