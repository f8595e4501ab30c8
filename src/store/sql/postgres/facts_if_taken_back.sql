-- facts_if_taken_back: the facts that will be active once those of an earlier processing are taken back
-- :user uuid     the player
-- :own  uuid[]   facts of the earlier processing
-- Only for a conversation that is processed again, by hand.
-- scans: memory_facts
select id, embedding::real[] as embedding
from memory_facts
where user_id = :user
  and embedding is not null
  and (is_active or superseded_by = any(:own))
  and not (id = any(:own))
