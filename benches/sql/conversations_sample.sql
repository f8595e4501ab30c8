-- Copies the rows that the binary wrote for one conversation, so that conversations_folded.sql writes the same rows, whatever the
-- pipeline writes. A day has three to five events, and few conversations are followed by a message: the sample has four, and none.
--
--   nikita-jobs process-conversations --batch 20 && psql -f conversations_sample.sql

create table sample as select c.id, c.user_id, c.extracted_entities, c.conversation_summary, c.emotional_tone
    from conversations c where c.extracted_entities is not null
    order by exists (select 1 from scheduled_touchpoints t where t.user_id = c.user_id and not t.delivered),
        abs((select count(*) from nikita_life_events l where l.user_id = c.user_id and l.event_date > current_date - 2) - 4),
        c.last_message_at limit 1;
create table sample_player as select conflict_details, last_conflict_at, cached_voice_prompt
    from users where id = (select user_id from sample);
create table sample_facts as select graph_type, fact, source, confidence, metadata, embedding
    from memory_facts where conversation_id = (select id from sample);
create table sample_threads as select thread_type, content, status
    from conversation_threads where source_conversation_id = (select id from sample);
create table sample_thoughts as select thought_type, content, expires_at
    from nikita_thoughts where source_conversation_id = (select id from sample);
create table sample_events as select event_date, time_of_day, domain, event_type, description, emotional_impact, importance
    from nikita_life_events where user_id = (select user_id from sample) and event_date > current_date - 2;
create table sample_mood as select arousal, valence, dominance, intimacy, conflict_state
    from nikita_emotional_states where user_id = (select user_id from sample);
create table sample_touchpoint as select trigger_type, trigger_context, message_content, delivery_at
    from scheduled_touchpoints where user_id = (select user_id from sample) and not delivered;
create table sample_day as select date, score_start, score_end, decay_applied, summary_text, key_moments, emotional_tone
    from daily_summaries where user_id = (select user_id from sample) order by date desc limit 1;
create table sample_prompts as select platform, prompt_text, token_count, context_snapshot, pipeline_version, generation_time_ms
    from ready_prompts where conversation_id = (select id from sample);
analyze;
