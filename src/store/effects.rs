//! One effect, one small write: the exhaustive match.
//!
//! Most are plain inserts under ids that the conversation derives: where a conversation is processed anew by an operator's
//! wish, its second effects take the place of the first.

use serde_json::json;
use sqlx::types::Json;

use super::Result;
use super::codec::{DbDate, DbId, DbIds, DbJson, DbPoints, DbTime, DbVector};
use super::commit::Commit;
use super::session::{Tx, execute, fetch_one};
use crate::clock;
use crate::domain::effect::{DayEntry, Effect, NewFact, NewPrompt, NewTouchpoint};
use crate::domain::memory::{LifeEvent, Mood};
use crate::domain::prompt::Platform;

/// Which program made a prompt: `ready_prompts.pipeline_version`.
pub(super) const PIPELINE_VERSION: &str = concat!("nikita-jobs ", env!("CARGO_PKG_VERSION"));
/// `memory_facts.confidence` of an extracted fact (spec 04).
pub(super) const CONFIDENCE: f64 = 0.85;
/// `memory_facts.source` of an extracted fact (spec 04).
pub(super) const SOURCE: &str = "pipeline_extraction";

pub(super) async fn apply(tx: &mut Tx, commit: &Commit<'_>, effect: &Effect) -> Result<()> {
    let user = DbId::from(commit.claim.user);
    let conversation = DbId::from(commit.claim.conversation);
    let now = DbTime(commit.now);
    match effect {
        Effect::TakeBack => take_back(tx, commit).await?,
        Effect::RememberFact(fact) => remember(tx, commit, fact).await?,
        Effect::OpenThread { id, content } => {
            execute!(
                tx,
                "insert into conversation_threads (id, user_id, thread_type, content, source_conversation_id, status, created_at) \
                 values ($1, $2, 'follow_up', $3, $4, 'open', $5) \
                 on conflict (id) do update set content = excluded.content, created_at = excluded.created_at",
                DbId(*id),
                user,
                content,
                conversation,
                now
            );
        }
        Effect::Think { id, content, expires_at } => {
            execute!(
                tx,
                "insert into nikita_thoughts (id, user_id, thought_type, content, source_conversation_id, expires_at, created_at) \
                 values ($1, $2, 'reflection', $3, $4, $5, $6) \
                 on conflict (id) do update set content = excluded.content, created_at = excluded.created_at",
                DbId(*id),
                user,
                content,
                conversation,
                DbTime(*expires_at),
                now
            );
        }
        Effect::LiveDay { date, events } => live_day(tx, user, DbDate(*date), events).await?,
        Effect::Feel { mood, conflict_state } => feel(tx, user, mood, conflict_state, now).await?,
        Effect::Conflict { details, began_at } => {
            execute!(
                tx,
                "update users set conflict_details = $2, last_conflict_at = coalesce($3, last_conflict_at) where id = $1",
                user,
                Json(details),
                began_at.map(DbTime)
            );
        }
        Effect::EndGame { event_type, details } => {
            let ended = execute!(
                tx,
                "update users set game_status = 'game_over' where id = $1 and game_status = 'active'",
                user
            );
            if ended == 1 {
                execute!(
                    tx,
                    "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) \
                     select $2, id, coalesce(relationship_score, 0), coalesce(chapter, 0), $3, $4, $5 from users where id = $1",
                    user,
                    DbId::from(clock::new_token()),
                    event_type,
                    Json(details),
                    now
                );
            }
        }
        Effect::ScheduleTouchpoint(touchpoint) => schedule(tx, user, touchpoint, now).await?,
        Effect::Understood { entities, tone } => {
            execute!(
                tx,
                "update conversations set extracted_entities = $2, emotional_tone = $3 where id = $1",
                conversation,
                Json(entities),
                tone
            );
        }
        Effect::Summarise { summary } => {
            execute!(tx, "update conversations set conversation_summary = $2 where id = $1", conversation, summary);
        }
        Effect::RollUpDay(entry) => roll_up(tx, user, entry).await?,
        Effect::SwapPrompt(prompt) => swap_prompt(tx, commit, prompt).await?,
    }
    Ok(())
}

/// Rows that an earlier processing of this conversation made, by the ids that it derived: those of another program about the
/// same conversation stay. What the application has closed or used stays too.
async fn take_back(tx: &mut Tx, commit: &Commit<'_>) -> Result<()> {
    let conversation = commit.claim.conversation;
    let user = DbId::from(commit.claim.user);
    let own = |kind| DbIds(conversation.all_of(kind));
    for (postgres, sqlite, kind) in [
        (
            "update memory_facts set is_active = true, superseded_by = null \
             where user_id = $1 and superseded_by = any($2) and not (id = any($2))",
            "update memory_facts set is_active = true, superseded_by = null \
             where user_id = $1 and superseded_by in (select value from json_each($2)) and id not in (select value from json_each($2))",
            "memory_facts",
        ),
        (
            "delete from memory_facts where user_id = $1 and id = any($2)",
            "delete from memory_facts where user_id = $1 and id in (select value from json_each($2))",
            "memory_facts",
        ),
        (
            "delete from conversation_threads where user_id = $1 and status = 'open' and id = any($2)",
            "delete from conversation_threads where user_id = $1 and status = 'open' and id in (select value from json_each($2))",
            "conversation_threads",
        ),
        (
            "delete from nikita_thoughts where user_id = $1 and used_at is null and id = any($2)",
            "delete from nikita_thoughts where user_id = $1 and used_at is null and id in (select value from json_each($2))",
            "nikita_thoughts",
        ),
    ] {
        let sql = tx.pick(postgres, sqlite);
        execute!(&mut *tx, sql, user, own(kind));
    }
    execute!(
        tx,
        "delete from ready_prompts where user_id = $1 and conversation_id = $2 and pipeline_version like 'nikita-jobs %'",
        user,
        DbId::from(conversation)
    );
    Ok(())
}

async fn remember(tx: &mut Tx, commit: &Commit<'_>, fact: &NewFact) -> Result<()> {
    execute!(
        tx,
        "insert into memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, \
             superseded_by, conversation_id, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         on conflict (id) do update set graph_type = excluded.graph_type, fact = excluded.fact, \
             embedding = excluded.embedding, is_active = excluded.is_active, superseded_by = excluded.superseded_by",
        DbId(fact.id),
        DbId::from(commit.claim.user),
        fact.graph_type.as_str(),
        &fact.fact,
        SOURCE,
        CONFIDENCE,
        fact.embedding.clone().map(DbVector),
        DbJson(json!({})),
        fact.superseded_by.is_none(),
        fact.superseded_by.map(DbId),
        DbId::from(commit.claim.conversation),
        DbTime(commit.now)
    );
    if !fact.supersedes.is_empty() {
        let sql = tx.pick(
            "update memory_facts set is_active = false, superseded_by = $1 where user_id = $2 and is_active and id = any($3)",
            "update memory_facts set is_active = false, superseded_by = $1 \
             where user_id = $2 and is_active and id in (select value from json_each($3))",
        );
        execute!(tx, sql, DbId(fact.id), DbId::from(commit.claim.user), DbIds(fact.supersedes.clone()));
    }
    Ok(())
}

/// A day that has events keeps them: the same ones would meet their own ids, others would be a second day.
async fn live_day(tx: &mut Tx, user: DbId, date: DbDate, events: &[LifeEvent]) -> Result<()> {
    let (lived,): (i64,) = fetch_one!(
        &mut *tx,
        _,
        "select count(*) from nikita_life_events where user_id = $1 and event_date = $2",
        user,
        date
    );
    if lived > 0 {
        return Ok(());
    }
    for event in events {
        execute!(
            &mut *tx,
            "insert into nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description, \
                 emotional_impact, importance) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (event_id) do nothing",
            DbId(event.id),
            user,
            date,
            &event.time_of_day,
            &event.domain,
            &event.event_type,
            &event.description,
            DbJson(json!(event.emotional_impact)),
            event.importance
        );
    }
    Ok(())
}

/// One row a player, the latest; other rows that another program may have left stay as they are.
async fn feel(tx: &mut Tx, user: DbId, mood: &Mood, conflict_state: &str, now: DbTime) -> Result<()> {
    let updated = execute!(
        &mut *tx,
        "update nikita_emotional_states set arousal = $2, valence = $3, dominance = $4, intimacy = $5, conflict_state = $6, \
             last_updated = $7 where state_id = (select state_id from nikita_emotional_states where user_id = $1 \
             order by last_updated desc, state_id desc limit 1)",
        user,
        mood.arousal,
        mood.valence,
        mood.dominance,
        mood.intimacy,
        conflict_state,
        now
    );
    if updated == 0 {
        execute!(
            tx,
            "insert into nikita_emotional_states (state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, \
                 last_updated) values ($1, $1, $2, $3, $4, $5, $6, $7) on conflict (state_id) do nothing",
            user,
            mood.arousal,
            mood.valence,
            mood.dominance,
            mood.intimacy,
            conflict_state,
            now
        );
    }
    Ok(())
}

async fn schedule(tx: &mut Tx, user: DbId, touchpoint: &NewTouchpoint, now: DbTime) -> Result<()> {
    execute!(
        tx,
        "insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, \
             skipped, created_at) select $2, u.id, $3, $4, $5, $6, false, false, $7 from users u where u.id = $1 and not exists ( \
             select 1 from scheduled_touchpoints t where t.user_id = $1 and not coalesce(t.delivered, false) and not coalesce(t.skipped, false)) \
         on conflict (id) do nothing",
        user,
        DbId(touchpoint.id),
        touchpoint.trigger.as_str(),
        Json(&touchpoint.context),
        &touchpoint.message,
        DbTime(touchpoint.delivery_at),
        now
    );
    Ok(())
}

async fn roll_up(tx: &mut Tx, user: DbId, entry: &DayEntry) -> Result<()> {
    let moments = DbJson(json!(entry.key_moments));
    let updated = execute!(
        &mut *tx,
        "update daily_summaries set conversations_count = coalesce(conversations_count, 0) + $9, \
             score_start = coalesce(score_start, $3), score_end = $4, decay_applied = $5, summary_text = $6, \
             key_moments = $7, emotional_tone = $8 where user_id = $1 and date = $2",
        user,
        DbDate(entry.date),
        DbPoints(entry.score_start),
        DbPoints(entry.score_end),
        DbPoints(entry.decay_applied),
        &entry.summary_text,
        moments.clone(),
        &entry.emotional_tone,
        i32::from(entry.counts)
    );
    if updated == 0 {
        execute!(
            tx,
            "insert into daily_summaries (id, user_id, date, score_start, score_end, decay_applied, conversations_count, \
                 summary_text, key_moments, emotional_tone) values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)",
            DbId(entry.id),
            user,
            DbDate(entry.date),
            DbPoints(entry.score_start),
            DbPoints(entry.score_end),
            DbPoints(entry.decay_applied),
            &entry.summary_text,
            moments,
            &entry.emotional_tone
        );
    }
    Ok(())
}

/// The old prompt steps down and the new one takes its place. Where another program has put one there in between, ours
/// replaces its text: the unique index knows one current prompt, and no writer is told of a duplicate.
async fn swap_prompt(tx: &mut Tx, commit: &Commit<'_>, prompt: &NewPrompt) -> Result<()> {
    let user = DbId::from(commit.claim.user);
    let now = DbTime(commit.now);
    execute!(
        &mut *tx,
        "update ready_prompts set is_current = false where user_id = $1 and platform = $2 and is_current",
        user,
        prompt.platform.as_str()
    );
    execute!(
        &mut *tx,
        "insert into ready_prompts (id, user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version, \
             generation_time_ms, is_current, conversation_id, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, $10) \
         on conflict (user_id, platform) where is_current do update set prompt_text = excluded.prompt_text, \
             token_count = excluded.token_count, context_snapshot = excluded.context_snapshot, \
             pipeline_version = excluded.pipeline_version, generation_time_ms = excluded.generation_time_ms, \
             conversation_id = excluded.conversation_id, created_at = excluded.created_at",
        DbId::from(clock::new_token()),
        user,
        prompt.platform.as_str(),
        &prompt.text,
        i32::try_from(prompt.token_count).unwrap_or(i32::MAX),
        Json(&prompt.context),
        PIPELINE_VERSION,
        commit.prompt_ms,
        DbId::from(commit.claim.conversation),
        now
    );
    if prompt.platform == Platform::Voice {
        execute!(
            tx,
            "update users set cached_voice_prompt = $2, cached_voice_prompt_at = $3 where id = $1",
            user,
            &prompt.text,
            now
        );
    }
    Ok(())
}
