-- snapshot: the data that pipelines work on, besides their conversations
-- :users        uuid[]        players
-- :now          timestamptz   the run's time
-- :own_facts    uuid[]        facts that earlier processings of these conversations created
-- :own_threads  uuid[]        likewise
-- :own_thoughts uuid[]        likewise
-- :events_since date          the first day of life events
-- :decay_since  timestamptz   the first instant of decay
-- :most_facts   bigint        the most per player
-- :most_notes   bigint        the most threads and the most thoughts per player
-- :most_days    bigint        the most per player
-- One statement, to save round trips, with a list of rows for each part. Values that other programs wrote are returned as text, which
-- never fails the statement; the store parses them one by one. The players are behind a `select`: if their number were known, the server
-- would plan the statement again for each conversation, which takes longer than running it.
select
  -- The players themselves
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        u.id::text as id,
        u.telegram_id::text as telegram_id,
        u.relationship_score::text as relationship_score,
        u.chapter::text as chapter,
        u.game_status::text as game_status,
        u.last_interaction_at::text as last_interaction_at,
        u.notifications_enabled::text as notifications_enabled,
        u.timezone::text as timezone,
        u.days_played::text as days_played,
        u.created_at::text as created_at,
        u.conflict_details::text as conflict_details,
        u.last_conflict_at::text as last_conflict_at,
        e.state::text as engagement_state,
        m.intimacy::text as intimacy,
        m.passion::text as passion,
        m.trust::text as trust,
        m.secureness::text as secureness
      from users u
      left join user_metrics m on m.user_id = u.id
      left join engagement_state e on e.user_id = u.id
      where u.id = any((select :users::uuid[])::uuid[])
    ) q
  ) as players,
  -- Vices, the most engaging first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        category::text,
        intensity_level::text,
        engagement_score::text as score
      from user_vice_preferences
      where user_id = any((select :users::uuid[])::uuid[])
      order by engagement_score desc, category
    ) q
  ) as vices,
  -- The newest active facts, and those that wait for a vector
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        id::text,
        graph_type::text,
        fact::text,
        coalesce(confidence < 0.5, false) as unsupported,
        created_at::text as learned_at
      from (
        select
          user_id, id, graph_type, fact, confidence, created_at,
          row_number() over (partition by user_id order by created_at desc nulls last, id) as place
        from (
          select user_id, id, graph_type, fact, confidence, created_at
          from memory_facts
          where is_active and user_id = any((select :users::uuid[])::uuid[])
          union all
          select user_id, id, graph_type, fact, confidence, created_at
          from memory_facts
          where embedding is null
            and not is_active
            and metadata ->> 'awaiting_vector' = 'true'
            and user_id = any((select :users::uuid[])::uuid[])
        ) known
        where fact is not null
          and not (id = any(:own_facts))
      ) newest
      where place <= :most_facts
      order by created_at desc nulls last, id
    ) q
  ) as facts,
  -- Open threads, the newest first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        thread_type::text as kind,
        content::text,
        created_at::text as noted_at
      from (
        select
          user_id, thread_type, content, created_at, id,
          row_number() over (partition by user_id order by created_at desc nulls last, id) as place
        from conversation_threads
        where status = 'open'
          and content is not null
          and not (id = any(:own_threads))
          and user_id = any((select :users::uuid[])::uuid[])
      ) newest
      where place <= :most_notes
      order by created_at desc nulls last, id
    ) q
  ) as threads,
  -- Thoughts that are neither used nor stale, the newest first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        thought_type::text as kind,
        content::text,
        created_at::text as noted_at
      from (
        select
          user_id, thought_type, content, created_at, id,
          row_number() over (partition by user_id order by created_at desc nulls last, id) as place
        from nikita_thoughts
        where content is not null
          and used_at is null
          and (expires_at is null or expires_at > :now)
          and not (id = any(:own_thoughts))
          and user_id = any((select :users::uuid[])::uuid[])
      ) newest
      where place <= :most_notes
      order by created_at desc nulls last, id
    ) q
  ) as thoughts,
  -- What recently happened to her, the newest day first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        event_id::text,
        event_date::text as date,
        time_of_day::text,
        domain::text,
        event_type::text,
        description::text,
        emotional_impact::text,
        importance::text
      from nikita_life_events
      where event_date >= :events_since
        and user_id = any((select :users::uuid[])::uuid[])
      order by
        event_date desc,
        case time_of_day when 'morning' then 1 when 'afternoon' then 2 when 'evening' then 3 else 4 end,
        event_id
    ) q
  ) as life_events,
  -- Her mood as last stored
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        arousal::text,
        valence::text,
        dominance::text,
        intimacy::text
      from (
        select
          user_id, arousal, valence, dominance, intimacy,
          row_number() over (partition by user_id order by last_updated desc, state_id desc) as place
        from nikita_emotional_states
        where user_id = any((select :users::uuid[])::uuid[])
      ) latest
      where place = 1
    ) q
  ) as moods,
  -- Proactive messages, at most the latest fifty per player
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        trigger_context::text,
        delivered,
        skipped,
        delivery_at::text
      from (
        select
          user_id, trigger_context, delivery_at,
          coalesce(delivered, false) as delivered,
          coalesce(skipped, false) as skipped,
          row_number() over (partition by user_id order by delivery_at desc, id) as place
        from scheduled_touchpoints
        where delivery_at is not null
          and user_id = any((select :users::uuid[])::uuid[])
      ) latest
      where place <= 50
    ) q
  ) as touchpoints,
  -- The last days with the player, the newest first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        date::text as day,
        score_start::text,
        score_end::text,
        conversations_count::text,
        summary_text::text,
        key_moments::text,
        emotional_tone::text
      from (
        select
          user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone,
          row_number() over (partition by user_id order by date desc) as place
        from daily_summaries
        where date is not null
          and user_id = any((select :users::uuid[])::uuid[])
      ) latest
      where place <= :most_days
      order by date desc
    ) q
  ) as days,
  -- Decay charged around the conversations
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        recorded_at::text,
        event_details ->> 'decay_amount' as amount
      from score_history
      where event_type = 'decay'
        and recorded_at >= :decay_since
        and user_id = any((select :users::uuid[])::uuid[])
    ) q
  ) as decay,
  -- Summaries of the latest conversations, the newest first
  (
    select coalesce(json_agg(q), '[]')
    from (
      select
        user_id::text,
        conversation_summary::text as summary
      from (
        select
          user_id, conversation_summary, processed_at,
          row_number() over (partition by user_id order by processed_at desc nulls last, id) as place
        from conversations
        where status = 'processed'
          and conversation_summary is not null
          and user_id = any((select :users::uuid[])::uuid[])
      ) latest
      where place <= 5
      order by processed_at desc nulls last
    ) q
  ) as summaries
