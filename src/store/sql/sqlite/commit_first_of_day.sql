-- commit_first_of_day: inserts the row of a day that has none
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
insert into daily_summaries (
  id, user_id, date, score_start, score_end, decay_applied, conversations_count, summary_text, nikita_summary_text, key_moments, key_events,
  emotional_tone
)
select
  d.value ->> 'id',
  :user,
  d.value ->> 'date',
  cast(d.value ->> 'score_start' as real),
  cast(d.value ->> 'score_end' as real),
  cast(d.value ->> 'decay_applied' as real),
  1,
  d.value ->> 'summary_text',
  nullif(d.value ->> 'summary_text', ''),
  d.value -> 'key_moments',
  d.value -> 'key_moments',
  d.value ->> 'emotional_tone'
from json_each(:rows) d
