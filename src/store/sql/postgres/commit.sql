-- commit: closes a conversation as processed with all its effects, or does nothing if the claim is lost
-- :clock            timestamptz        the hidden --now; null: the database's clock
-- :conversation     uuid               the conversation
-- :token            uuid               proof that the claim is ours
-- :user             uuid               the player
-- :now              timestamptz        the run's time
-- :rows             jsonb              the effects, table by table (commit/rows.rs)
-- :vectors          real[]             all vectors, concatenated
-- :source           text               memory_facts.source
-- :pipeline_version text               the program that made the prompts
-- Every part depends on `closed`, which has a row if the claim was ours. All parts see the database as it was when the statement
-- began, and none sees what another one wrote.
with closed as (
  update conversations c
  set
    status = 'processed',
    claimed_by = null,
    claim_token = null,
    closed_token = :token,
    next_attempt_at = null,
    last_error = null,
    updated_at = coalesce(:clock::timestamptz, clock_timestamp()),
    processed_at = coalesce(:clock::timestamptz, clock_timestamp()),
    extracted_entities = coalesce(:rows -> 'entities', c.extracted_entities::jsonb),
    emotional_tone = coalesce(:rows ->> 'tone', c.emotional_tone),
    conversation_summary = coalesce(:rows ->> 'summary', c.conversation_summary)
  where
  -- [fence]
  c.id = :conversation
  and c.claim_token = :token
  and c.status = 'processing'
  and c.processing_started_at is not distinct from c.claimed_at
  -- [/fence]
  returning c.id
), forgotten as (
  delete from stage_memos m
  using closed
  where m.conversation_id = closed.id
), remembered as (
  insert into memory_facts (
    id, user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, superseded_by, conversation_id, created_at
  )
  select
    f.id, :user, f.graph_type, f.fact, :source, f.confidence, :vectors[f.first : f.last], f.metadata,
    f.superseded_by is null and f.first is not null, f.superseded_by, :conversation, :now
  from closed, jsonb_to_recordset(:rows -> 'facts') as f (
    id uuid, graph_type text, fact text, first integer, last integer, confidence double precision, metadata jsonb,
    superseded_by uuid
  )
  on conflict (id) do update set
    graph_type = excluded.graph_type,
    fact = excluded.fact,
    confidence = excluded.confidence,
    embedding = excluded.embedding,
    metadata = excluded.metadata,
    is_active = excluded.is_active,
    superseded_by = excluded.superseded_by
), superseded as (
  -- By id only: `is true` keeps the server from using the index by player, which would read the player's other facts.
  update memory_facts f
  set
    is_active = false,
    superseded_by = (select s.by from jsonb_to_recordset(:rows -> 'superseded') as s (id uuid, by uuid) where s.id = f.id)
  from closed
  where f.id = any(array(select s.id from jsonb_to_recordset(:rows -> 'superseded') as s (id uuid)))
    and (f.user_id = :user) is true
    and f.is_active
), opened as (
  insert into conversation_threads (id, user_id, thread_type, content, source_conversation_id, status, created_at)
  select t.id, :user, t.thread_type, t.content, :conversation, 'open', :now
  from closed, jsonb_to_recordset(:rows -> 'threads') as t (id uuid, thread_type text, content text)
  on conflict (id) do update set content = excluded.content, created_at = excluded.created_at
), thought as (
  insert into nikita_thoughts (id, user_id, thought_type, content, source_conversation_id, expires_at, created_at)
  select t.id, :user, t.thought_type, t.content, :conversation, t.expires_at, :now
  from closed, jsonb_to_recordset(:rows -> 'thoughts') as t (
    id uuid, thought_type text, content text, expires_at timestamptz
  )
  on conflict (id) do update set content = excluded.content, created_at = excluded.created_at
), lived as (
  -- A day that has events keeps them.
  insert into nikita_life_events (
    event_id, user_id, event_date, time_of_day, domain, event_type, description, entities, emotional_impact, importance, created_at
  )
  select
    e.id, :user, e.date, e.time_of_day, e.domain, e.event_type, e.description, e.entities, e.emotional_impact, e.importance, :now
  from closed, jsonb_to_recordset(:rows -> 'life_events') as e (
    id uuid, date date, time_of_day text, domain text, event_type text, description text, entities jsonb, emotional_impact jsonb,
    importance double precision
  )
  where not exists (
    select 1 from nikita_life_events l where l.user_id = :user and l.event_date = e.date
  )
  on conflict (event_id) do nothing
), player_before as (
  -- Locks the row, so that the game ends only once and no concurrent write is lost. `base` is the value that the conflict's fields are
  -- merged into; it is missing if the conflict has changed since it was read.
  select
    u.id,
    u.game_status,
    case
      when jsonb_typeof(u.conflict_details::jsonb) = 'object' then
        case
          when u.conflict_details::jsonb ->> 'last_temp_update' is not distinct from c.seen and c.replaced is null
            then u.conflict_details::jsonb
        end
      when coalesce(jsonb_typeof(u.conflict_details::jsonb), 'null') = 'null' then
        case when c.seen is null and c.replaced is null then '{}'::jsonb end
      when u.conflict_details::jsonb = c.replaced then c.whole
    end as base
  from closed, jsonb_to_recordset(:rows -> 'player') as p (conflict jsonb),
    jsonb_to_record(p.conflict) as c (seen text, replaced jsonb, whole jsonb), users u
  where u.id = :user
  for update of u
), player as (
  update users u
  set
    conflict_details = case
      when c.fields is null or b.base is null then u.conflict_details::jsonb
      else (b.base || c.fields) - array(select f.key from jsonb_each(c.fields) f where f.value = 'null')
    end,
    last_conflict_at = case
      when b.base is null then u.last_conflict_at
      else coalesce(c.began_at, u.last_conflict_at)
    end,
    cached_voice_prompt = coalesce(p.voice, u.cached_voice_prompt),
    cached_voice_prompt_at = case when p.voice is null then u.cached_voice_prompt_at else :now end,
    game_status = case
      when p.ends is not null and b.base is not null and u.game_status = 'active' then 'game_over'
      else u.game_status
    end
  from player_before b, jsonb_to_recordset(:rows -> 'player') as p (conflict jsonb, voice text, ends jsonb),
    jsonb_to_record(p.conflict) as c (fields jsonb, began_at timestamptz)
  where u.id = b.id
  returning c.fields is not null and b.base is not null as moved
), ended as (
  insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at)
  select
    e.id, u.id, coalesce(u.relationship_score, 0), coalesce(u.chapter, 0), e.event_type, e.details, :now
  from player_before b, users u, jsonb_to_recordset(:rows -> 'player') as p (ends jsonb),
    jsonb_to_record(p.ends) as e (id uuid, event_type text, details jsonb)
  where u.id = b.id and p.ends is not null and b.base is not null and b.game_status = 'active'
), felt as (
  -- Writes the player's latest row; older rows of another program stay unchanged. Her state in the conflict depends on what became of
  -- the conflict.
  update nikita_emotional_states s
  set
    arousal = coalesce(m.arousal, s.arousal),
    valence = coalesce(m.valence, s.valence),
    dominance = coalesce(m.dominance, s.dominance),
    intimacy = coalesce(m.intimacy, s.intimacy),
    conflict_state = case when w.moved then coalesce(m.conflict_state, s.conflict_state) else s.conflict_state end,
    last_updated = :now
  from closed, jsonb_to_recordset(:rows -> 'mood') as m (
    arousal double precision, valence double precision, dominance double precision, intimacy double precision,
    conflict_state text
  )
  left join player w on true
  where s.state_id = (
    select state_id
    from nikita_emotional_states
    where user_id = :user
    order by last_updated desc, state_id desc
    limit 1
  )
  returning s.state_id
), felt_first as (
  insert into nikita_emotional_states (
    state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, last_updated
  )
  select
    :user, :user, coalesce(m.arousal, 0.5), coalesce(m.valence, 0.5), coalesce(m.dominance, 0.5), coalesce(m.intimacy, 0.5),
    case when w.moved then coalesce(m.conflict_state, 'none') else 'none' end, :now
  from closed, jsonb_to_recordset(:rows -> 'mood') as m (
    arousal double precision, valence double precision, dominance double precision, intimacy double precision,
    conflict_state text
  )
  left join player w on true
  where not exists (select from felt)
  on conflict (state_id) do nothing
), scheduled as (
  insert into scheduled_touchpoints (
    id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, skipped, created_at
  )
  select t.id, u.id, t.trigger_type, t.trigger_context, t.message, t.delivery_at, false, false, :now
  from closed, users u, jsonb_to_recordset(:rows -> 'touchpoints') as t (
    id uuid, trigger_type text, trigger_context jsonb, message text, delivery_at timestamptz
  )
  where u.id = :user
    and not exists (
      select 1
      from scheduled_touchpoints p
      where p.user_id = :user and not coalesce(p.delivered, false) and not coalesce(p.skipped, false)
    )
  on conflict (id) do nothing
), rolled as (
  update daily_summaries s
  set
    conversations_count = coalesce(s.conversations_count, 0) + d.counts,
    score_start = coalesce(s.score_start, d.score_start),
    score_end = d.score_end,
    decay_applied = d.decay_applied,
    -- Keeps what the application wrote. Extends our text in our row, unless another program has changed it.
    summary_text = case
      when coalesce(s.summary_text, '') = '' then d.summary_text
      when s.id = d.id and s.summary_text = d.summary_before then d.summary_text
      else s.summary_text
    end,
    nikita_summary_text = case
      when coalesce(s.nikita_summary_text, '') = '' then nullif(d.summary_text, '')
      when s.id = d.id and s.summary_text = d.summary_before and s.nikita_summary_text = s.summary_text then d.summary_text
      else s.nikita_summary_text
    end,
    key_events = case
      when coalesce(s.key_events::jsonb, '[]') in ('[]', 'null') then d.key_moments
      when s.id = d.id and s.key_events::jsonb = s.key_moments::jsonb then d.key_moments
      else s.key_events::jsonb
    end,
    key_moments = d.key_moments,
    emotional_tone = d.emotional_tone
  from closed, jsonb_to_recordset(:rows -> 'day') as d (
    id uuid, date date, score_start numeric, score_end numeric, decay_applied numeric, counts integer, summary_text text,
    summary_before text, key_moments jsonb, emotional_tone text
  )
  where s.user_id = :user and s.date = d.date
  returning s.date
), rolled_first as (
  insert into daily_summaries (
    id, user_id, date, score_start, score_end, decay_applied, conversations_count, summary_text, nikita_summary_text, key_moments,
    key_events, emotional_tone
  )
  select
    d.id, :user, d.date, d.score_start, d.score_end, d.decay_applied, 1, d.summary_text, nullif(d.summary_text, ''), d.key_moments,
    d.key_moments, d.emotional_tone
  from closed, jsonb_to_recordset(:rows -> 'day') as d (
    id uuid, date date, score_start numeric, score_end numeric, decay_applied numeric, summary_text text,
    key_moments jsonb, emotional_tone text
  )
  where not exists (select from rolled)
), stepped_down as (
  update ready_prompts r
  set is_current = false
  from closed, jsonb_to_recordset(:rows -> 'prompts') as p (platform text)
  where r.user_id = :user and r.platform = p.platform and r.is_current
  returning r.id
), swapped as (
  -- If another program has inserted a prompt meanwhile, ours replaces its text: the unique index allows one current prompt.
  insert into ready_prompts (
    id, user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version, generation_time_ms, is_current,
    conversation_id, created_at
  )
  select
    p.id, :user, p.platform, p.prompt_text, p.token_count, p.context, :pipeline_version, p.millis, true, :conversation, :now
  from closed, (select count(*) from stepped_down) first, jsonb_to_recordset(:rows -> 'prompts') as p (
    id uuid, platform text, prompt_text text, token_count integer, context jsonb, millis double precision
  )
  on conflict (user_id, platform) where is_current do update set
    prompt_text = excluded.prompt_text,
    token_count = excluded.token_count,
    context_snapshot = excluded.context_snapshot,
    pipeline_version = excluded.pipeline_version,
    generation_time_ms = excluded.generation_time_ms,
    conversation_id = excluded.conversation_id,
    created_at = excluded.created_at
)
select count(*) from closed
