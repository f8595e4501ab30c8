//! Effects as rows, table by table, with one exhaustive match. Both databases read them as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock;
use crate::domain::conversation::Claim;
use crate::domain::effect::{ConflictChange, DayEntry, Effect, NewFact, NewPrompt, NewTouchpoint};
use crate::domain::memory::{LifeEvent, MoodDelta};
use crate::domain::prompt::Platform;
use crate::store::codec::{DbPoints, DbTime};

/// A conversation's effects, and what is needed to store them.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The proof that the conversation is ours.
    pub claim: &'a Claim,
    /// The run's time.
    pub now: DateTime<Utc>,
    /// How long the prompts took, in milliseconds.
    pub prompt_ms: f64,
    /// The pipeline's effects, in the order of the stages.
    pub effects: &'a [Effect],
}

/// All changes of a conversation. Each list belongs to one table; an empty one costs nothing.
#[derive(Debug, Default, Serialize)]
pub(super) struct CommitRows<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'a str>,
    pub facts: Vec<FactRow<'a>>,
    pub superseded: Vec<SupersededRow>,
    pub threads: Vec<ThreadRow<'a>>,
    pub thoughts: Vec<ThoughtRow<'a>>,
    pub life_events: Vec<LifeEventRow<'a>>,
    /// At most one row, as in the following lists, except the prompts.
    pub mood: Vec<MoodRow>,
    pub player: Vec<PlayerRow<'a>>,
    pub touchpoints: Vec<TouchpointRow<'a>>,
    pub day: Vec<DayRow<'a>>,
    pub prompts: Vec<PromptRow<'a>>,
    /// All vectors, concatenated. A fact refers to its own by the indices of its first and last number, counted from 1.
    #[serde(skip)]
    pub vectors: Vec<f32>,
    /// Whether to take back an earlier processing first.
    #[serde(skip)]
    pub take_back: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct FactRow<'a> {
    id: Uuid,
    graph_type: &'static str,
    fact: &'a str,
    first: Option<usize>,
    last: Option<usize>,
    confidence: f64,
    metadata: Value,
    superseded_by: Option<Uuid>,
}

#[derive(Debug, Serialize)]
pub(super) struct SupersededRow {
    id: Uuid,
    by: Uuid,
}

#[derive(Debug, Serialize)]
pub(super) struct ThreadRow<'a> {
    id: Uuid,
    thread_type: &'static str,
    content: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct ThoughtRow<'a> {
    id: Uuid,
    thought_type: &'static str,
    content: &'a str,
    expires_at: DbTime,
}

#[derive(Debug, Serialize)]
pub(super) struct LifeEventRow<'a> {
    id: Uuid,
    date: NaiveDate,
    time_of_day: &'a str,
    domain: &'a str,
    event_type: &'a str,
    description: &'a str,
    entities: [&'a str; 0],
    emotional_impact: ImpactRow,
    importance: f64,
}

/// With the application's field names.
#[derive(Debug, Serialize)]
pub(super) struct ImpactRow {
    #[serde(rename = "arousal_delta")]
    arousal: f64,
    #[serde(rename = "valence_delta")]
    valence: f64,
    #[serde(rename = "dominance_delta")]
    dominance: f64,
    #[serde(rename = "intimacy_delta")]
    intimacy: f64,
}

/// Fields that are none stay unchanged. `conflict_state` also does if the conflict has changed meanwhile.
#[derive(Debug, Default, Serialize)]
pub(super) struct MoodRow {
    arousal: Option<f64>,
    valence: Option<f64>,
    dominance: Option<f64>,
    intimacy: Option<f64>,
    conflict_state: Option<&'static str>,
}

/// Changes in `users`; fields that are none stay unchanged.
#[derive(Debug, Default, Serialize)]
pub(super) struct PlayerRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<ConflictRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<GameOverRow<'a>>,
}

/// Fields to merge into the conflict if its `last_temp_update` is still `seen`, or into `whole` if its value is still `replaced`.
#[derive(Debug, Serialize)]
pub(super) struct ConflictRow<'a> {
    fields: &'a Map<String, Value>,
    seen: Option<&'a str>,
    replaced: Option<&'a Value>,
    whole: Option<&'a Map<String, Value>>,
    began_at: Option<DbTime>,
}

#[derive(Debug, Serialize)]
pub(super) struct GameOverRow<'a> {
    id: Uuid,
    event_type: &'a str,
    details: &'a Value,
}

#[derive(Debug, Serialize)]
pub(super) struct TouchpointRow<'a> {
    id: Uuid,
    trigger_type: &'static str,
    trigger_context: &'a Value,
    message: &'a str,
    delivery_at: DbTime,
}

#[derive(Debug, Serialize)]
pub(super) struct DayRow<'a> {
    id: Uuid,
    date: NaiveDate,
    score_start: DbPoints,
    score_end: DbPoints,
    decay_applied: DbPoints,
    counts: i32,
    summary_text: &'a str,
    summary_before: Option<&'a str>,
    key_moments: &'a [String],
    emotional_tone: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct PromptRow<'a> {
    id: Uuid,
    platform: &'static str,
    prompt_text: &'a str,
    token_count: i32,
    context: &'a Value,
    millis: f64,
}

impl<'a> CommitRows<'a> {
    pub(super) fn of(commit: &Commit<'a>) -> Self {
        let mut rows = Self::default();
        for effect in commit.effects {
            rows.add(effect, commit.prompt_ms);
        }
        // A fact that is stored again is not superseded.
        let facts = &rows.facts;
        rows.superseded.retain(|old| !facts.iter().any(|fact| fact.id == old.id));
        rows
    }

    fn add(&mut self, effect: &'a Effect, prompt_ms: f64) {
        match effect {
            Effect::TakeBack => self.take_back = true,
            Effect::RememberFact(fact) => self.remember(fact),
            Effect::OpenThread { id, content } => {
                self.threads.push(ThreadRow { id: *id, thread_type: "follow_up", content });
            }
            Effect::Think { id, content, expires_at } => self.thoughts.push(ThoughtRow {
                id: *id,
                thought_type: "reflection",
                content,
                expires_at: DbTime(*expires_at),
            }),
            Effect::LiveDay { date, events } => {
                self.life_events.extend(events.iter().map(|event| life_event(*date, event)));
            }
            Effect::Feel { mood } => {
                let row = self.mood();
                row.arousal = Some(mood.arousal);
                row.valence = Some(mood.valence);
                row.dominance = Some(mood.dominance);
                row.intimacy = Some(mood.intimacy);
            }
            Effect::Conflict(change) => {
                self.mood().conflict_state = Some(change.state);
                self.player().conflict = Some(conflict(change));
            }
            Effect::EndGame { event_type, details } => {
                self.player().ends = Some(GameOverRow { id: clock::new_id(), event_type, details });
            }
            // At most one is pending at a time.
            Effect::ScheduleTouchpoint(it) if self.touchpoints.is_empty() => self.touchpoints.push(touchpoint(it)),
            Effect::ScheduleTouchpoint(_) => {}
            Effect::Understood { entities, tone } => {
                self.entities = Some(entities);
                self.tone = Some(tone);
            }
            Effect::Summarise { summary } => self.summary = Some(summary),
            Effect::RollUpDay(entry) => self.day = vec![day(entry)],
            Effect::SwapPrompt(it) => {
                if it.platform == Platform::Voice {
                    self.player().voice = Some(&it.text);
                }
                self.prompts.push(prompt(it, prompt_ms));
            }
        }
    }

    fn player(&mut self) -> &mut PlayerRow<'a> {
        if self.player.is_empty() {
            self.player.push(PlayerRow::default());
        }
        &mut self.player[0]
    }

    fn mood(&mut self) -> &mut MoodRow {
        if self.mood.is_empty() {
            self.mood.push(MoodRow::default());
        }
        &mut self.mood[0]
    }

    fn remember(&mut self, fact: &'a NewFact) {
        let first = self.vectors.len() + 1;
        self.vectors.extend(fact.embedding.iter().flatten());
        let slice = fact.embedding.is_some().then_some((first, self.vectors.len()));
        for id in &fact.supersedes {
            // The first replacement wins.
            if self.superseded.iter().all(|old| old.id != *id) {
                self.superseded.push(SupersededRow { id: *id, by: fact.id });
            }
        }
        let mut metadata = fact.metadata.clone();
        if slice.is_none() {
            metadata["awaiting_vector"] = json!(true);
        }
        self.facts.push(FactRow {
            id: fact.id,
            graph_type: fact.graph_type.as_str(),
            fact: &fact.fact,
            first: slice.map(|it| it.0),
            last: slice.map(|it| it.1),
            confidence: fact.confidence,
            metadata,
            superseded_by: fact.superseded_by,
        });
    }
}

fn life_event(date: NaiveDate, event: &LifeEvent) -> LifeEventRow<'_> {
    LifeEventRow {
        id: event.id,
        date,
        time_of_day: &event.time_of_day,
        domain: &event.domain,
        event_type: &event.event_type,
        description: &event.description,
        entities: [],
        emotional_impact: impact(event.emotional_impact),
        importance: event.importance,
    }
}

const fn impact(delta: MoodDelta) -> ImpactRow {
    ImpactRow { arousal: delta.arousal, valence: delta.valence, dominance: delta.dominance, intimacy: delta.intimacy }
}

fn conflict(change: &ConflictChange) -> ConflictRow<'_> {
    ConflictRow {
        fields: &change.fields,
        seen: change.seen.as_deref(),
        replaced: change.replaces.as_ref().map(|it| &it.0),
        whole: change.replaces.as_ref().map(|it| &it.1),
        began_at: change.began_at.map(DbTime),
    }
}

fn touchpoint(it: &NewTouchpoint) -> TouchpointRow<'_> {
    TouchpointRow {
        id: it.id,
        trigger_type: it.trigger.as_str(),
        trigger_context: &it.context,
        message: &it.message,
        delivery_at: DbTime(it.delivery_at),
    }
}

fn day(entry: &DayEntry) -> DayRow<'_> {
    DayRow {
        id: entry.id,
        date: entry.date,
        score_start: DbPoints(entry.score_start),
        score_end: DbPoints(entry.score_end),
        decay_applied: DbPoints(entry.decay_applied),
        counts: i32::from(entry.counts),
        summary_text: &entry.summary_text,
        summary_before: entry.summary_before.as_deref(),
        key_moments: &entry.key_moments,
        emotional_tone: &entry.emotional_tone,
    }
}

fn prompt(it: &NewPrompt, millis: f64) -> PromptRow<'_> {
    PromptRow {
        id: clock::new_id(),
        platform: it.platform.as_str(),
        prompt_text: &it.text,
        token_count: i32::try_from(it.token_count).unwrap_or(i32::MAX),
        context: &it.context,
        millis,
    }
}
