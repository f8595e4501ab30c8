//! A commit in one statement, on PostgreSQL: the fence, and hanging on its row every everyday effect. Thirty round trips become
//! three, begin and commit among them, and the players' rows are locked for as long as these take.
//!
//! ```text
//!   effects ──▶ rows, table by table, as JSON ──▶ with closed as (the fence), … each insert and update `from closed, rows`
//! ```
//!
//! All parts of a statement see the database as it was when the statement began, and none sees what another has written. So
//! whatever touches a row twice is one part here, and what needs to see more, seldom as it is, takes the way of
//! [`super::effects`], whose words these are. No other run can write to the player's rows meanwhile: he has one claim.

use serde_json::{Value, json};

use super::claims::{leaving, pg_closed};
use super::codec::{DbId, DbJson, DbPoints, DbTime, DbVector};
use super::commit::Commit;
use super::effects::{CONFIDENCE, PIPELINE_VERSION, SOURCE};
use super::session::{Tx, pg_now};
use super::{Result, Store};
use crate::clock;
use crate::domain::effect::{Effect, NewFact};
use crate::domain::prompt::Platform;

/// The statement, around the part that looks at the player's older facts. $1 to $8 are the fence's; $9 the player, $10 the run's time, $11 the rows, $12 all vectors end to end, $13 to $15 where
/// facts come from, how sure they are, and who made the prompts.
macro_rules! statement {
    ($superseded:literal) => {
        concat!(
            pg_closed!(
                ", extracted_entities = coalesce($11 -> 'entities', extracted_entities::jsonb), \
                   emotional_tone = coalesce($11 ->> 'tone', emotional_tone), \
                   conversation_summary = coalesce($11 ->> 'summary', conversation_summary)"
            ),
            ", remembered as (insert into memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, metadata, \
                 is_active, superseded_by, conversation_id, created_at) \
               select f.id, $9, f.graph_type, f.fact, $13, $14, $12[f.first:f.last], '{}'::jsonb, f.superseded_by is null, \
                 f.superseded_by, $2, $10 \
               from closed, jsonb_to_recordset($11 -> 'facts') as f \
                 (id uuid, graph_type text, fact text, first integer, last integer, superseded_by uuid) \
               on conflict (id) do update set graph_type = excluded.graph_type, fact = excluded.fact, \
                 embedding = excluded.embedding, is_active = excluded.is_active, superseded_by = excluded.superseded_by), \
        ",
            $superseded,
            " \
             opened as (insert into conversation_threads (id, user_id, thread_type, content, source_conversation_id, status, created_at) \
               select t.id, $9, 'follow_up', t.content, $2, 'open', $10 \
               from closed, jsonb_to_recordset($11 -> 'threads') as t (id uuid, content text) \
               on conflict (id) do update set content = excluded.content, created_at = excluded.created_at), \
             thought as (insert into nikita_thoughts (id, user_id, thought_type, content, source_conversation_id, expires_at, created_at) \
               select t.id, $9, 'reflection', t.content, $2, t.expires_at, $10 \
               from closed, jsonb_to_recordset($11 -> 'thoughts') as t (id uuid, content text, expires_at timestamptz) \
               on conflict (id) do update set content = excluded.content, created_at = excluded.created_at), \
             lived as (insert into nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description, \
                 emotional_impact, importance) \
               select e.id, $9, e.date, e.time_of_day, e.domain, e.event_type, e.description, e.impact, e.importance \
               from closed, jsonb_to_recordset($11 -> 'events') as e (id uuid, date date, time_of_day text, domain text, \
                 event_type text, description text, impact jsonb, importance double precision) \
               where not exists (select from nikita_life_events l where l.user_id = $9 and l.event_date = e.date) \
               on conflict (event_id) do nothing), \
             felt as (update nikita_emotional_states s set arousal = m.arousal, valence = m.valence, dominance = m.dominance, \
                 intimacy = m.intimacy, conflict_state = m.conflict_state, last_updated = $10 \
               from closed, jsonb_to_recordset($11 -> 'mood') as m (arousal double precision, valence double precision, \
                 dominance double precision, intimacy double precision, conflict_state text) \
               where s.state_id = (select state_id from nikita_emotional_states where user_id = $9 \
                 order by last_updated desc, state_id desc limit 1) returning s.state_id), \
             felt_first as (insert into nikita_emotional_states (state_id, user_id, arousal, valence, dominance, intimacy, \
                 conflict_state, last_updated) \
               select $9, $9, m.arousal, m.valence, m.dominance, m.intimacy, m.conflict_state, $10 \
               from closed, jsonb_to_recordset($11 -> 'mood') as m (arousal double precision, valence double precision, \
                 dominance double precision, intimacy double precision, conflict_state text) \
               where not exists (select from felt) on conflict (state_id) do nothing), \
             player as (update users u set conflict_details = coalesce(p.details, u.conflict_details::jsonb), \
                 last_conflict_at = coalesce(p.began_at, u.last_conflict_at), \
                 cached_voice_prompt = coalesce(p.voice, u.cached_voice_prompt), \
                 cached_voice_prompt_at = case when p.voice is null then u.cached_voice_prompt_at else $10 end \
               from closed, jsonb_to_recordset($11 -> 'player') as p (details jsonb, began_at timestamptz, voice text) \
               where u.id = $9), \
             scheduled as (insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, \
                 delivery_at, delivered, skipped, created_at) \
               select t.id, u.id, t.trigger, t.context, t.message, t.delivery_at, false, false, $10 \
               from closed, users u, jsonb_to_recordset($11 -> 'touchpoints') as t \
                 (id uuid, trigger text, context jsonb, message text, delivery_at timestamptz) \
               where u.id = $9 and not exists (select from scheduled_touchpoints p \
                 where p.user_id = $9 and not coalesce(p.delivered, false) and not coalesce(p.skipped, false)) on conflict (id) do nothing), \
             rolled as (update daily_summaries s set conversations_count = coalesce(s.conversations_count, 0) + d.counts, \
                 score_start = coalesce(s.score_start, d.score_start), score_end = d.score_end, decay_applied = d.decay_applied, \
                 summary_text = d.summary_text, key_moments = d.key_moments, emotional_tone = d.emotional_tone \
               from closed, jsonb_to_recordset($11 -> 'day') as d (id uuid, date date, score_start numeric, score_end numeric, \
                 decay_applied numeric, counts integer, summary_text text, key_moments jsonb, emotional_tone text) \
               where s.user_id = $9 and s.date = d.date returning s.date), \
             rolled_first as (insert into daily_summaries (id, user_id, date, score_start, score_end, decay_applied, \
                 conversations_count, summary_text, key_moments, emotional_tone) \
               select d.id, $9, d.date, d.score_start, d.score_end, d.decay_applied, 1, d.summary_text, d.key_moments, d.emotional_tone \
               from closed, jsonb_to_recordset($11 -> 'day') as d (id uuid, date date, score_start numeric, score_end numeric, \
                 decay_applied numeric, summary_text text, key_moments jsonb, emotional_tone text) \
               where not exists (select from rolled)), \
             stepped_down as (update ready_prompts r set is_current = false \
               from closed, jsonb_to_recordset($11 -> 'prompts') as p (platform text) \
               where r.user_id = $9 and r.platform = p.platform and r.is_current returning r.id), \
             swapped as (insert into ready_prompts (id, user_id, platform, prompt_text, token_count, context_snapshot, \
                 pipeline_version, generation_time_ms, is_current, conversation_id, created_at) \
               select p.id, $9, p.platform, p.prompt_text, p.token_count, p.context, $15, p.millis, true, $2, $10 \
               from closed, (select count(*) from stepped_down) first, jsonb_to_recordset($11 -> 'prompts') as p \
                 (id uuid, platform text, prompt_text text, token_count integer, context jsonb, millis double precision) \
               on conflict (user_id, platform) where is_current do update set prompt_text = excluded.prompt_text, \
                 token_count = excluded.token_count, context_snapshot = excluded.context_snapshot, \
                 pipeline_version = excluded.pipeline_version, generation_time_ms = excluded.generation_time_ms, \
                 conversation_id = excluded.conversation_id, created_at = excluded.created_at) \
             select count(*) from closed"
        )
    };
}

/// Where a fact takes the place of another.
const SUPERSEDING: &str = statement!(
    "superseded as (update memory_facts f set is_active = false, superseded_by = s.by \
       from closed, (select distinct on (id) id, by from jsonb_to_recordset($11 -> 'superseded') as s \
         (id uuid, by uuid, place integer) order by id, place) s \
       where f.user_id = $9 and f.is_active and f.id = s.id \
         and not exists (select from jsonb_to_recordset($11 -> 'facts') as n (id uuid) where n.id = f.id)),"
);
/// Where none does, the player's facts are not looked at.
const PLAIN: &str = statement!("");

/// Effects as rows.
pub(super) struct Folded {
    rows: Value,
    vectors: Vec<f32>,
}

impl Folded {
    /// `None` where an effect is none of the everyday ones, or meets a row that another has touched.
    pub(super) fn of(commit: &Commit<'_>) -> Option<Self> {
        let mut all = Self { rows: json!({}), vectors: Vec::new() };
        for effect in commit.effects {
            match effect {
                Effect::TakeBack | Effect::EndGame { .. } => return None,
                Effect::RememberFact(fact) => all.remember(fact),
                Effect::OpenThread { id, content } => all.add("threads", json!({"id": id, "content": content})),
                Effect::Think { id, content, expires_at } => {
                    all.add("thoughts", json!({"id": id, "content": content, "expires_at": expires_at}));
                }
                Effect::LiveDay { date, events } => {
                    for it in events {
                        all.add(
                            "events",
                            json!({
                                "id": it.id, "date": date, "time_of_day": it.time_of_day, "domain": it.domain,
                                "event_type": it.event_type, "description": it.description,
                                "impact": it.emotional_impact, "importance": it.importance,
                            }),
                        );
                    }
                }
                Effect::Feel { mood, conflict_state } => all.add_one(
                    "mood",
                    json!({
                        "arousal": mood.arousal, "valence": mood.valence, "dominance": mood.dominance,
                        "intimacy": mood.intimacy, "conflict_state": conflict_state,
                    }),
                )?,
                Effect::Conflict { details, began_at } => {
                    all.of_player("details", details.clone());
                    all.of_player("began_at", json!(began_at));
                }
                Effect::ScheduleTouchpoint(it) => all.add_one(
                    "touchpoints",
                    json!({
                        "id": it.id, "trigger": it.trigger.as_str(), "context": it.context, "message": it.message,
                        "delivery_at": it.delivery_at,
                    }),
                )?,
                Effect::Understood { entities, tone } => {
                    all.rows["entities"] = entities.clone();
                    all.rows["tone"] = json!(tone);
                }
                Effect::Summarise { summary } => all.rows["summary"] = json!(summary),
                Effect::RollUpDay(it) => all.add_one(
                    "day",
                    json!({
                        "id": it.id, "date": it.date, "score_start": DbPoints(it.score_start).to_text(),
                        "score_end": DbPoints(it.score_end).to_text(),
                        "decay_applied": DbPoints(it.decay_applied).to_text(), "counts": i32::from(it.counts),
                        "summary_text": it.summary_text, "key_moments": it.key_moments,
                        "emotional_tone": it.emotional_tone,
                    }),
                )?,
                Effect::SwapPrompt(it) => {
                    all.add(
                        "prompts",
                        json!({
                            "id": clock::new_id(), "platform": it.platform.as_str(), "prompt_text": it.text,
                            "token_count": i32::try_from(it.token_count).unwrap_or(i32::MAX), "context": it.context,
                            "millis": commit.prompt_ms,
                        }),
                    );
                    if it.platform == Platform::Voice {
                        all.of_player("voice", json!(it.text));
                    }
                }
            }
        }
        Some(all)
    }

    fn remember(&mut self, fact: &NewFact) {
        let first = self.vectors.len() + 1;
        self.vectors.extend(fact.embedding.iter().flatten());
        let slice = fact.embedding.is_some().then_some((first, self.vectors.len()));
        for id in &fact.supersedes {
            let place = self.rows["superseded"].as_array().map_or(0, Vec::len);
            self.add("superseded", json!({"id": id, "by": fact.id, "place": place}));
        }
        self.add(
            "facts",
            json!({
                "id": fact.id, "graph_type": fact.graph_type.as_str(), "fact": fact.fact,
                "first": slice.map(|it| it.0), "last": slice.map(|it| it.1), "superseded_by": fact.superseded_by,
            }),
        );
    }

    fn add(&mut self, table: &str, row: Value) {
        match &mut self.rows[table] {
            Value::Array(rows) => rows.push(row),
            none => *none = json!([row]),
        }
    }

    /// `None` for a second row where there can be one.
    fn add_one(&mut self, table: &str, row: Value) -> Option<()> {
        if !self.rows[table].is_null() {
            return None;
        }
        self.add(table, row);
        Some(())
    }

    fn of_player(&mut self, column: &str, value: Value) {
        if self.rows["player"].is_null() {
            self.add("player", json!({}));
        }
        self.rows["player"][0][column] = value;
    }
}

impl Store {
    /// The commit of these rows; `false` where the claim is no longer ours: then the statement has done nothing.
    pub(super) async fn commit_folded(&self, commit: &Commit<'_>, folded: Folded) -> Result<bool> {
        // A transaction, though it is one statement: where its run is dropped while it waits behind somebody's lock, nothing is
        // committed any more.
        let mut tx = self.begin_write().await?;
        let Tx::Pg(conn) = &mut tx else { return Ok(false) };
        let none: Option<&str> = None;
        let sql = if folded.rows["superseded"].is_null() { PLAIN } else { SUPERSEDING };
        let query = sqlx::query_as(sql)
            .bind(self.now_parameter())
            .bind(DbId::from(commit.claim.conversation))
            .bind(DbId::from(commit.claim.token))
            .bind("processed")
            .bind(0_i32)
            .bind(0_i32)
            .bind(None::<f64>)
            .bind(none)
            .bind(DbId::from(commit.claim.user))
            .bind(DbTime(commit.now))
            .bind(DbJson(folded.rows))
            .bind(DbVector(folded.vectors))
            .bind(SOURCE)
            .bind(CONFIDENCE)
            .bind(PIPELINE_VERSION);
        let (closed,): (i64,) = query.persistent(conn.keeps_statements()).fetch_one(conn.connection()).await?;
        tx.commit().await?;
        Ok(closed == 1)
    }
}
