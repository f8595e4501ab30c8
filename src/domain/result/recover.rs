//! The result of `recover`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::words::{RecordKind, RecoverRule, Target};

/// What a run of `recover` did.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct RecoverResult {
    /// How many were taken out of `processing`.
    pub recovered: usize,
    /// How many stuck ones are left; null where they could not be counted in time.
    pub deferred: Option<i64>,
    /// Each, with the evidence.
    pub recoveries: Vec<RecoveryEntry>,
    /// Those that could not be recovered.
    pub errors: Vec<NotRecovered>,
    /// How many another transaction holds; they were passed over.
    pub locked: usize,
}

/// A recovered conversation, or another record that was failed by hand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RecoveryEntry {
    /// A conversation.
    Conversation(ConversationRecovery),
    /// An audit or an execution.
    Record(RecordRecovery),
}

/// A conversation that was taken out of `processing`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationRecovery {
    /// Its id as spelled in the row.
    pub conversation_id: String,
    /// Why, in a sentence.
    pub reason: String,
    /// Its status before.
    pub from: String,
    /// Its status now.
    pub to: Target,
    /// How many attempts it has used.
    pub attempts: i64,
    /// The rule by which it was stuck.
    pub rule: RecoverRule,
    /// How long it had been idle, in milliseconds.
    pub idle_ms: i64,
    /// The execution that had claimed it.
    pub execution_id: Option<String>,
    /// Where that ran.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i64>,
}

/// An audit or execution that was failed by hand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordRecovery {
    /// Which kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: Uuid,
    /// Why, for a person.
    pub reason: String,
    /// Its status before.
    pub from: String,
    /// Its status now.
    pub to: Target,
    /// When, by the database's clock.
    pub recovery_timestamp: DateTime<Utc>,
    /// Where its owner ran.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<i32>,
}

/// A conversation or record that could not be recovered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum NotRecovered {
    /// A conversation.
    Conversation {
        /// Which one.
        conversation_id: String,
        /// Why not.
        error: String,
    },
    /// An audit or an execution.
    Record {
        /// Which kind.
        kind: RecordKind,
        /// Its id.
        id: Uuid,
        /// Why not.
        error: String,
    },
}

impl RecoveryEntry {
    /// What it was, for a person.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Conversation(it) => it.conversation_id.clone(),
            Self::Record(it) => format!("{} {}", it.kind, it.id),
        }
    }

    /// Its kind, and the rule by which it was stuck; none where that was an operator's word.
    #[must_use]
    pub fn by_rule(&self) -> Option<(&'static str, RecoverRule)> {
        match self {
            Self::Conversation(it) if it.rule != RecoverRule::None => Some(("conversation", it.rule)),
            Self::Conversation(_) | Self::Record(_) => None,
        }
    }

    /// Where it went.
    #[must_use]
    pub const fn to(&self) -> Target {
        match self {
            Self::Conversation(it) => it.to,
            Self::Record(it) => it.to,
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Conversation(it) => &it.reason,
            Self::Record(it) => &it.reason,
        }
    }
}

impl NotRecovered {
    /// Its id, for a person.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Conversation { conversation_id, .. } => conversation_id.clone(),
            Self::Record { id, .. } => id.to_string(),
        }
    }

    /// What it is, for a person.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Conversation { conversation_id, .. } => conversation_id.clone(),
            Self::Record { kind, id, .. } => format!("{kind} {id}"),
        }
    }

    /// Why not.
    #[must_use]
    pub fn error(&self) -> &str {
        match self {
            Self::Conversation { error, .. } | Self::Record { error, .. } => error,
        }
    }
}
