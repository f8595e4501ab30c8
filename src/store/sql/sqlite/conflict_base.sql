-- conflict_base: the value that the conflict's fields are merged into; null if it has changed since it was read
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
select case
  when p.value -> 'conflict' is null then null
  when json_valid(coalesce(u.conflict_details, 'null')) = 0 or coalesce(json_type(u.conflict_details), 'null') = 'null' then
    case when p.value ->> '$.conflict.seen' is null and p.value ->> '$.conflict.replaced' is null then '{}' end
  when json_type(u.conflict_details) = 'object' then
    case
      when cast(u.conflict_details ->> 'last_temp_update' as text) is p.value ->> '$.conflict.seen'
        and p.value ->> '$.conflict.replaced' is null
        then u.conflict_details
    end
  when u.conflict_details ->> '$' = p.value ->> '$.conflict.replaced' then p.value -> '$.conflict.whole'
end
from json_each(:rows) p, users u
where u.id = :user
