-- commit_player: updates the player's row
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
-- :base text, JSON   the result of conflict_base
update users as u
set
  conflict_details = case
    when :base is null then u.conflict_details
    else json_patch(:base, p.value -> '$.conflict.fields')
  end,
  last_conflict_at = case
    when :base is null then u.last_conflict_at
    else coalesce(p.value ->> '$.conflict.began_at', u.last_conflict_at)
  end,
  cached_voice_prompt = coalesce(p.value ->> 'voice', u.cached_voice_prompt),
  cached_voice_prompt_at = case when p.value ->> 'voice' is null then u.cached_voice_prompt_at else :now end,
  game_status = case
    when p.value ->> '$.ends.id' is not null and :base is not null and u.game_status = 'active' then 'game_over'
    else u.game_status
  end
from json_each(:rows) p
where u.id = :user
