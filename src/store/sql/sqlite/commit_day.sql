-- commit_day: folds the conversation into the row of its day
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
update daily_summaries as s
set
  conversations_count = coalesce(s.conversations_count, 0) + (d.value ->> 'counts'),
  score_start = coalesce(s.score_start, cast(d.value ->> 'score_start' as real)),
  score_end = cast(d.value ->> 'score_end' as real),
  decay_applied = cast(d.value ->> 'decay_applied' as real),
  summary_text = d.value ->> 'summary_text',
  key_moments = d.value -> 'key_moments',
  emotional_tone = d.value ->> 'emotional_tone'
from json_each(:rows) d
where s.user_id = :user and s.date = d.value ->> 'date'
