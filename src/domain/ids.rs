//! Identifiers. Each kind is a type of its own, so that a player's id can't be passed where a conversation's is meant.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::words::RecordKind;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A player: `users.id`.
    UserId
);
id!(
    /// A conversation: `conversations.id`.
    ConversationId
);
id!(
    /// One run of one job: `job_executions.id`.
    ExecutionId
);
id!(
    /// An audit of another program: `audit_reports.audit_id`.
    AuditId
);
id!(
    /// The random value that proves a lease or a claim is still ours. A fence compares it in the same statement that writes.
    Token
);

/// A record with a beginning and an end that `scan-stuck` watches. Which kind of id it is, is part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordId {
    /// An audit.
    Audit(AuditId),
    /// A run of a job.
    Execution(ExecutionId),
}

impl RecordId {
    /// Which kind, as results and messages say it.
    #[must_use]
    pub const fn kind(self) -> RecordKind {
        match self {
            Self::Audit(_) => RecordKind::Audit,
            Self::Execution(_) => RecordKind::Execution,
        }
    }

    /// The `status` of one that is under way; any other is either not begun or final.
    #[must_use]
    pub const fn under_way(self) -> &'static str {
        match self {
            Self::Audit(_) => "in_progress",
            Self::Execution(_) => "running",
        }
    }

    /// The id itself.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Audit(id) => id.0,
            Self::Execution(id) => id.0,
        }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.uuid().hyphenated())
    }
}

impl ConversationId {
    /// No kind of row is brought forth by a conversation more often than this.
    pub const MOST_OF_A_KIND: usize = 20;

    /// The ids of all rows of a kind that this conversation may have brought forth: see [`ConversationId::derive`].
    #[must_use]
    pub fn all_of(self, kind: &str) -> Vec<Uuid> {
        (0..Self::MOST_OF_A_KIND).map(|index| self.derive(kind, index)).collect()
    }

    /// An id for a row that this conversation brings forth, the same at every attempt: a second commit of the same row
    /// meets its own primary key.
    ///
    /// `kind` names the table and `index` the place within it.
    #[must_use]
    pub fn derive(self, kind: &str, index: usize) -> Uuid {
        Uuid::new_v5(&self.0, format!("{kind}:{index}").as_bytes())
    }
}
