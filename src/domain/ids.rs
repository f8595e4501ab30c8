//! Identifiers. Each kind has its own type, so that a player's id can't be passed for a conversation's.

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
    /// The random value that proves the ownership of a lease or a claim. A fence compares it in the statement that writes.
    Token
);

/// A record that `scan-stuck` watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordId {
    /// An audit.
    Audit(AuditId),
    /// A run of a job.
    Execution(ExecutionId),
}

impl RecordId {
    /// Its kind, as in results and messages.
    #[must_use]
    pub const fn kind(self) -> RecordKind {
        match self {
            Self::Audit(_) => RecordKind::Audit,
            Self::Execution(_) => RecordKind::Execution,
        }
    }

    /// The `status` of a running one; any other status means not begun or ended.
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
    /// The most rows of one kind that a conversation creates.
    pub const MOST_OF_A_KIND: usize = 20;

    /// The ids of all rows of a kind that this conversation can have created: see [`ConversationId::derive`].
    #[must_use]
    pub fn all_of(self, kind: &str) -> Vec<Uuid> {
        (0..Self::MOST_OF_A_KIND).map(|index| self.derive(kind, index)).collect()
    }

    /// An id for a row that this conversation creates. It is the same for every attempt, so that a second insert of the row
    /// conflicts with the first.
    ///
    /// `kind` is the table, `index` the number of the row.
    #[must_use]
    pub fn derive(self, kind: &str, index: usize) -> Uuid {
        Uuid::new_v5(&self.0, format!("{kind}:{index}").as_bytes())
    }
}
