-- demo_sums: the number of rows of each kind
select
  (select count(*) from memory_facts) as facts,
  (
    select count(*)
    from memory_facts
    where superseded_by is not null
  ) as replaced,
  (
    select count(*)
    from conversation_threads
    where status = 'open'
  ) as threads,
  (select count(*) from nikita_thoughts) as thoughts,
  (select count(*) from nikita_life_events) as life_events,
  (select count(*) from daily_summaries) as days,
  (
    select count(*)
    from ready_prompts
    where is_current
      and platform = 'text'
  ) as text_prompts,
  (
    select count(*)
    from ready_prompts
    where is_current
      and platform = 'voice'
  ) as voice_prompts
