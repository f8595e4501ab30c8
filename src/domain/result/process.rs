//! The results of `process-conversations`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::failures::Reason;
use crate::domain::ids::{ConversationId, ExecutionId};
use crate::domain::stage::StageName;
use crate::domain::words::{EntryStatus, Fallback, StageStatus};

/// What a run of `process-conversations` did.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ProcessResult {
    /// Conversations that were due when the run began.
    pub detected: usize,
    /// Processed, including `partial` and `skipped`.
    pub processed: usize,
    /// Processed without the effects of a non-critical stage.
    pub partial: usize,
    /// Skipped, because the game is over.
    pub skipped: usize,
    /// Waiting for a retry.
    pub retrying: usize,
    /// Given up.
    pub failed: usize,
    /// Released, without using up an attempt.
    pub released: usize,
    /// With an unknown outcome, because the database's answer was lost.
    pub unknown: usize,
    /// Due, but left for the next run.
    pub deferred: usize,
    /// Errors by stage.
    pub stage_errors: BTreeMap<StageName, StageErrors>,
    /// Times by stage.
    pub stage_timings: BTreeMap<StageName, Timing>,
    /// Tokens and cost by stage.
    pub stage_tokens: BTreeMap<StageName, Tokens>,
    /// The cost of the model calls, in US dollars.
    pub cost_usd: String,
    /// Models without a price; their tokens count as free.
    pub unpriced: BTreeSet<String>,
    /// Replies without token counts; each counts as the most expensive one that had them.
    pub uncounted: u32,
    /// Whether `--budget-usd` stopped it.
    pub budget_reached: bool,
    /// Whether the language model's circuit is open.
    pub circuit_open: bool,
    /// Facts that got their vector later than they were stored.
    pub embedded: u64,
    /// Counts of facts.
    #[serde(flatten)]
    pub memory: MemoryFigures,
    /// Conversations that a provider refused, although it answers harmless questions.
    pub refused: usize,
    /// Servers that need other requests than usual.
    pub learnt: Vec<Learnt>,
    /// The conversations, at most 500.
    pub conversations: Vec<ConversationEntry>,
    /// How many more there were.
    pub conversations_unlisted: usize,
}

/// Counts of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemoryFigures {
    /// Facts that a model noted, without duplicates, including those that `NIKITA_UNSUPPORTED_FACTS=drop` drops.
    pub facts: usize,
    /// Facts whose quote is not in the transcript.
    pub unsupported_facts: usize,
    /// Facts whose text the embedder rejects.
    pub texts_set_aside: usize,
}

impl MemoryFigures {
    /// Adds another conversation's.
    pub const fn add(&mut self, other: Self) {
        self.facts += other.facts;
        self.unsupported_facts += other.unsupported_facts;
        self.texts_set_aside += other.texts_set_aside;
    }
}

/// A server that needs other requests than usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Learnt {
    /// `language_model` or `embeddings`.
    pub port: String,
    /// Its protocol and host.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How the requests differ.
    pub asked: Vec<String>,
}

/// What a run would do.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ProcessPlan {
    /// Conversations that are due.
    pub detected: usize,
    /// How many a run would take.
    pub processed: usize,
    /// How many it would leave for the next run.
    pub deferred: usize,
    /// Unprocessed conversations that it would skip, by rule.
    pub reasons: Vec<Reason>,
}

/// Errors of a stage.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StageErrors {
    /// How many.
    pub count: usize,
    /// The last one.
    pub last: String,
}

/// Times of a stage in milliseconds, percentiles by nearest rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Timing {
    /// How often it ran.
    pub count: usize,
    /// The sum.
    pub total_ms: f64,
    /// Half of the times are at most this.
    pub p50_ms: f64,
    /// 95 in 100 are at most this.
    pub p95_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// Tokens and cost of a stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Tokens {
    /// Tokens sent.
    pub input: u64,
    /// Sent tokens that the provider read from its cache.
    pub cached: u64,
    /// Tokens received.
    pub output: u64,
    /// Their cost, in US dollars.
    pub cost_usd: String,
}

/// A conversation's entry.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationEntry {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The outcome.
    pub status: EntryStatus,
    /// The time from claim to commit.
    pub total_duration_ms: i64,
    /// Every stage that ran.
    pub stage_results: BTreeMap<StageName, StageResult>,
    /// The cost of its model calls, in US dollars; null if a model has no price.
    pub cost_usd: Option<String>,
    /// Counts of its facts.
    #[serde(flatten)]
    pub memory: MemoryFigures,
    /// Why it did not succeed, without any conversation text.
    pub error: Option<String>,
    /// The critical stage that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_stage: Option<StageName>,
    /// Why it did not succeed, or was skipped, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The fallback that was used.
    pub fallback: Fallback,
    /// Whether its player has new prompts.
    pub prompt_ready: bool,
    /// When it was committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// How many elements of its transcript are unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable_messages: Option<usize>,
}

impl ConversationEntry {
    /// An entry without any results yet.
    #[must_use]
    pub const fn new(conversation_id: ConversationId, status: EntryStatus) -> Self {
        Self {
            conversation_id,
            status,
            total_duration_ms: 0,
            stage_results: BTreeMap::new(),
            cost_usd: None,
            memory: MemoryFigures { facts: 0, unsupported_facts: 0, texts_set_aside: 0 },
            error: None,
            failed_stage: None,
            reason: None,
            fallback: Fallback::None,
            prompt_ready: false,
            completed_at: None,
            unreadable_messages: None,
        }
    }
}

/// How a stage ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StageResult {
    /// Whether it has an output.
    pub status: StageStatus,
    /// The duration, including retries.
    pub duration_ms: f64,
    /// Why it has none, without any conversation text.
    pub error: Option<String>,
}

/// `process-conversations --id`: the conversation's entry, and the run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationResult {
    /// The entry.
    #[serde(flatten)]
    pub entry: ConversationEntry,
    /// The run.
    pub pipeline_execution_id: ExecutionId,
    /// Times by stage.
    pub stage_timings: BTreeMap<StageName, Timing>,
    /// Servers that need other requests than usual.
    pub learnt: Vec<Learnt>,
    /// The entry again, in the list that `health`, `stats` and `report` read.
    pub conversations: Vec<ConversationEntry>,
    /// Whether something stopped the run. Then the run's status counts, not the entry's.
    #[serde(skip)]
    #[schemars(skip)]
    pub stopped: bool,
}

/// What `process-conversations --id` would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationPlan {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its status now.
    pub conversation_status: String,
    /// Always 1.
    pub processed: usize,
}
