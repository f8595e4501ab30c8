-- One conversation in one statement: the claim, all reads and all writes. No real worker could do this, because the writes do not
-- depend on the reads, but nothing is faster on PostgreSQL.
--
--   pgbench -n -M prepared -c 10 -j 2 -t 100 -f conversations_folded.sql
--
-- It returns the rows it reads, but only one number of each embedding. `|| ''` and the like make the server build and compress each
-- value again, as it must do with a client's values.

with
silent as (
    select c.id, c.last_message_at as over_at from conversations c
    where c.last_message_at <= now() - interval '15 minutes' and c.status = 'active' and c.claim_token is null
        and c.processing_attempts < 3 and (c.next_attempt_at is null or c.next_attempt_at <= now())
        and not exists (select 1 from conversations o where o.user_id = c.user_id and o.id <> c.id
            and (o.status = 'processing' or (o.status = 'active' and o.processing_attempts < 3
                and (o.last_message_at <= now() - interval '15 minutes' or (o.platform = 'voice' and o.ended_at <= now()))
                and (coalesce(o.last_message_at, o.ended_at), o.id) < (coalesce(c.last_message_at, c.ended_at), c.id))))
    order by c.last_message_at limit 1 for no key update skip locked),
ended as (
    select c.id, c.ended_at as over_at from conversations c
    where c.platform = 'voice' and c.ended_at <= now() and c.status = 'active' and c.claim_token is null
        and c.processing_attempts < 3 and (c.next_attempt_at is null or c.next_attempt_at <= now())
        and not exists (select 1 from conversations o where o.user_id = c.user_id and o.id <> c.id
            and (o.status = 'processing' or (o.status = 'active' and o.processing_attempts < 3
                and (o.last_message_at <= now() - interval '15 minutes' or (o.platform = 'voice' and o.ended_at <= now()))
                and (coalesce(o.last_message_at, o.ended_at), o.id) < (coalesce(c.last_message_at, c.ended_at), c.id))))
    order by c.ended_at limit 1 for no key update skip locked),
oldest as (select id from (select * from silent union all select * from ended) it order by over_at, id limit 1),
done as (
    update conversations c set status = 'processed', processing_attempts = c.processing_attempts + 1,
        processing_started_at = clock_timestamp(), processed_at = clock_timestamp(), updated_at = clock_timestamp(),
        claimed_by = null, claim_token = null, next_attempt_at = null, last_error = null,
        extracted_entities = s.extracted_entities || '{}', conversation_summary = s.conversation_summary || '',
        emotional_tone = s.emotional_tone
    from oldest, sample s where c.id = oldest.id
    returning c.id, c.user_id, c.platform, c.messages, c.started_at, c.ended_at, c.last_message_at, c.score_delta),
mine as materialized (select id, user_id, last_message_at from done),

-- The reads.
player as (
    select u.id, u.telegram_id, u.relationship_score, u.chapter, u.game_status, u.last_interaction_at,
        u.notifications_enabled, u.timezone, u.days_played, u.conflict_details, u.last_conflict_at,
        e.state, m.intimacy, m.passion, m.trust, m.secureness
    from mine join users u on u.id = mine.user_id left join user_metrics m on m.user_id = u.id
        left join engagement_state e on e.user_id = u.id),
vices as (
    select v.category, v.intensity_level, v.engagement_score from mine join user_vice_preferences v using (user_id)
    order by v.engagement_score desc, v.category),
facts as (
    select f.id, f.graph_type, f.fact, f.created_at from mine join memory_facts f using (user_id)
    where f.is_active order by f.created_at desc, f.id limit 60),
vectors as (
    select f.id, f.embedding[1536] as last from mine join memory_facts f using (user_id)
    where f.is_active and f.embedding is not null),
threads as (
    select t.thread_type, t.content, t.created_at from mine join conversation_threads t using (user_id)
    where t.status = 'open' order by t.created_at desc, t.id limit 20),
thoughts as (
    select t.thought_type, t.content, t.created_at from mine join nikita_thoughts t using (user_id)
    where t.used_at is null and (t.expires_at is null or t.expires_at > now()) order by t.created_at desc, t.id limit 20),
events as (
    select l.event_id, l.event_date, l.time_of_day, l.domain, l.event_type, l.description, l.emotional_impact, l.importance
    from mine join nikita_life_events l using (user_id) where l.event_date >= current_date - 8 order by l.event_date desc),
mood as (
    select s.arousal, s.valence, s.dominance, s.intimacy from mine join nikita_emotional_states s using (user_id)
    order by s.last_updated desc, s.state_id desc limit 1),
touchpoints as (
    select t.trigger_context, t.delivered, t.skipped, t.delivery_at from mine join scheduled_touchpoints t using (user_id)
    order by t.delivery_at desc, t.id limit 50),
days as (
    select d.date, d.score_start, d.score_end, d.conversations_count, d.summary_text, d.key_moments, d.emotional_tone
    from mine join daily_summaries d using (user_id) order by d.date desc limit 40),
decay as (
    select h.recorded_at, h.event_details ->> 'decay_amount' as amount from mine join score_history h using (user_id)
    where h.event_type = 'decay' and h.recorded_at >= mine.last_message_at - interval '36 hours'),
summaries as (
    select o.conversation_summary, o.processed_at from mine join conversations o on o.user_id = mine.user_id
    where o.status = 'processed' and o.conversation_summary is not null order by o.processed_at desc, o.id limit 5),

-- The writes.
forgotten as (delete from stage_memos where conversation_id = (select id from mine)),
new_facts as (
    insert into memory_facts (user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, conversation_id)
    select mine.user_id, s.graph_type, s.fact || '', s.source, s.confidence, s.embedding || '{}'::real[], s.metadata, true, mine.id
    from mine, sample_facts s),
new_threads as (
    insert into conversation_threads (user_id, thread_type, content, source_conversation_id, status)
    select mine.user_id, s.thread_type, s.content || '', mine.id, s.status from mine, sample_threads s),
new_thoughts as (
    insert into nikita_thoughts (user_id, thought_type, content, source_conversation_id, expires_at)
    select mine.user_id, s.thought_type, s.content || '', mine.id, s.expires_at from mine, sample_thoughts s),
new_events as (
    insert into nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, emotional_impact, importance)
    select mine.user_id, s.event_date, s.time_of_day, s.domain, s.event_type, s.description || '', s.emotional_impact || '{}',
        s.importance
    from mine, sample_events s
    where not exists (select from nikita_life_events l where l.user_id = mine.user_id and l.event_date = s.event_date)),
new_mood as (
    update nikita_emotional_states e set arousal = s.arousal, valence = s.valence, dominance = s.dominance,
        intimacy = s.intimacy, conflict_state = s.conflict_state, last_updated = now()
    from sample_mood s where e.state_id = (select l.state_id from mine join nikita_emotional_states l using (user_id)
        order by l.last_updated desc, l.state_id desc limit 1)),
new_touchpoint as (
    insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at)
    select mine.user_id, s.trigger_type, s.trigger_context || '{}', s.message_content || '', s.delivery_at
    from mine, sample_touchpoint s),
new_day as (
    insert into daily_summaries as d
        (user_id, date, score_start, score_end, decay_applied, conversations_count, summary_text, key_moments, emotional_tone)
    select mine.user_id, s.date, s.score_start, s.score_end, s.decay_applied, 1, s.summary_text || '', s.key_moments || '[]',
        s.emotional_tone
    from mine, sample_day s
    on conflict (user_id, date) do update set conversations_count = d.conversations_count + 1,
        score_start = coalesce(d.score_start, excluded.score_start), score_end = excluded.score_end,
        decay_applied = excluded.decay_applied, summary_text = excluded.summary_text, key_moments = excluded.key_moments,
        emotional_tone = excluded.emotional_tone),
-- The old prompts must be replaced before the new ones are inserted, because they share a unique index.
stepped_down as (
    update ready_prompts p set is_current = false from mine where p.user_id = mine.user_id and p.is_current returning 1),
new_prompts as (
    insert into ready_prompts (user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version,
        generation_time_ms, is_current, conversation_id)
    select mine.user_id, s.platform, s.prompt_text || '', s.token_count, s.context_snapshot || '{}', s.pipeline_version,
        s.generation_time_ms, true, mine.id
    from (select count(*) from stepped_down) before, mine, sample_prompts s),
new_player as (
    update users u set conflict_details = s.conflict_details || '{}', last_conflict_at = coalesce(s.last_conflict_at, u.last_conflict_at),
        cached_voice_prompt = s.cached_voice_prompt || '', cached_voice_prompt_at = now()
    from mine, sample_player s where u.id = mine.user_id)

select (select done from done), (select player from player), (select array_agg(it) from vices it),
    (select array_agg(it) from facts it), (select array_agg(it) from vectors it), (select array_agg(it) from threads it),
    (select array_agg(it) from thoughts it), (select array_agg(it) from events it), (select mood from mood),
    (select array_agg(it) from touchpoints it), (select array_agg(it) from days it), (select array_agg(it) from decay it),
    (select array_agg(it) from summaries it);
