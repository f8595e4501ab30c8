-- commit_day: adds the conversation to the row of its day
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
update daily_summaries as s
set
  conversations_count = coalesce(s.conversations_count, 0) + (d.value ->> 'counts'),
  score_start = coalesce(s.score_start, cast(d.value ->> 'score_start' as real)),
  score_end = cast(d.value ->> 'score_end' as real),
  decay_applied = cast(d.value ->> 'decay_applied' as real),
  -- Keeps what the application wrote. Extends our text in our row, unless another program has changed it.
  summary_text = case
    when coalesce(s.summary_text, '') = '' then d.value ->> 'summary_text'
    when s.id = d.value ->> 'id' and s.summary_text = d.value ->> 'summary_before' then d.value ->> 'summary_text'
    else s.summary_text
  end,
  nikita_summary_text = case
    when coalesce(s.nikita_summary_text, '') = '' then nullif(d.value ->> 'summary_text', '')
    when s.id = d.value ->> 'id' and s.summary_text = d.value ->> 'summary_before' and s.nikita_summary_text = s.summary_text
      then d.value ->> 'summary_text'
    else s.nikita_summary_text
  end,
  key_events = case
    when coalesce(s.key_events, '[]') in ('', '[]', 'null') then d.value -> 'key_moments'
    when s.id = d.value ->> 'id' and s.key_events = s.key_moments then d.value -> 'key_moments'
    else s.key_events
  end,
  key_moments = d.value -> 'key_moments',
  emotional_tone = d.value ->> 'emotional_tone'
from json_each(:rows) d
where s.user_id = :user and s.date = d.value ->> 'date'
