//! The words of the contract: enums, each variant with its word in results, logs and metrics.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::exit::Exit;

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word of the contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// The fallback that a conversation's processing used.
    Fallback {
        /// No fallback.
        None = "none",
        /// A failed stage was retried.
        Retry = "retry",
        /// A plain prompt was used, because polishing failed.
        PlainPrompt = "plain_prompt",
    }
}

words! {
    /// What kind of server answers, where it is no primary.
    ServerRole {
        /// A read-only copy of the primary, some moments behind it.
        Standby = "standby",
    }
}

words! {
    /// How a command came out.
    Status {
        /// It did its work, or there was nothing to do.
        Ok = "ok",
        /// It did its work, but something was given up.
        Partial = "partial",
        /// It failed.
        Error = "error",
        /// The run was skipped.
        Skipped = "skipped",
        /// A signal ended it.
        Interrupted = "interrupted",
        /// `doctor`: the jobs can run, but something needs attention.
        Warning = "warning",
        /// `check`: a promise is broken.
        Broken = "broken",
        /// `health`: nothing to do.
        Healthy = "healthy",
        /// `health`: it works, but needs attention.
        Degraded = "degraded",
        /// `health`: it does not work.
        Unhealthy = "unhealthy",
    }
}

words! {
    /// Why a run was skipped.
    SkipReason {
        /// A run completed inside the window.
        RecentExecution = "recent_execution",
        /// Another run holds the lease.
        AlreadyRunning = "already_running",
        /// `UNIFIED_PIPELINE_ENABLED` is false.
        PipelineDisabled = "pipeline_disabled",
    }
}

words! {
    /// The kind of failure that ended a command.
    ErrorKind {
        /// The database does not answer.
        DatabaseUnavailable = "database_unavailable",
        /// Conflicts with other writers persisted after retries.
        DatabaseConflict = "database_conflict",
        /// The schema does not fit this binary.
        Schema = "schema",
        /// A setting, a secret or a file is wrong.
        Configuration = "configuration",
        /// The database refused a statement.
        Database = "database",
        /// The run lost its lease.
        LeaseLost = "lease_lost",
        /// A signal ended it before it had a result.
        Interrupted = "interrupted",
        /// The job itself failed.
        Failed = "failed",
        /// A bug of ours.
        Internal = "internal",
        /// The command line is wrong.
        Usage = "usage",
        /// A stuck conversation or record could not be recovered.
        NotRecovered = "not_recovered",
        /// The database refused to charge a player.
        NotCharged = "not_charged",
        /// Old executions could not be deleted.
        NotPruned = "not_pruned",
        /// A conversation was recovered by another run meanwhile.
        ClaimLost = "claim_lost",
        /// No model provider answers.
        ProviderUnavailable = "provider_unavailable",
        /// The command of `exec` failed.
        CommandFailed = "command_failed",
        /// The command of `exec` took too long.
        TimedOut = "timed_out",
    }
}

words! {
    /// The outcome of a conversation.
    EntryStatus {
        /// Processed, every stage succeeded.
        Success = "success",
        /// Processed, without the effects of a failed non-critical stage.
        PartialSuccess = "partial_success",
        /// Waiting for a retry.
        Retrying = "retrying",
        /// Given up.
        Failed = "failed",
        /// Skipped, because the game is over.
        Skipped = "skipped",
        /// Released, without using up an attempt.
        Released = "released",
        /// Unknown, because the database's answer was lost.
        Unknown = "unknown",
    }
}

words! {
    /// The outcome of a stage.
    StageStatus {
        /// It has an output.
        Success = "success",
        /// It has none.
        Failed = "failed",
    }
}

words! {
    /// The rule by which something is stuck.
    RecoverRule {
        /// The lease of the execution that claimed it, or of its owner, has expired.
        OwnerDead = "owner_dead",
        /// It has been inactive for too long.
        Inactive = "inactive",
        /// An audit or an execution has been running for too long.
        TooLong = "too_long",
        /// None: recovered by hand.
        None = "none",
    }
}

words! {
    /// The kind of id that `why` explains.
    WhyKind {
        /// A conversation.
        Conversation = "conversation",
        /// A player.
        Player = "player",
    }
}

words! {
    /// The rule by which a run takes a conversation or player, or does not.
    WhyRule {
        /// It is due: the next run takes it, or charges the player.
        Due = "due",
        /// It is due, but older ones, or players who have owed for longer, fill the next run.
        Behind = "behind",
        /// It has been processed.
        Processed = "processed",
        /// It was given up.
        Failed = "failed",
        /// It is being processed.
        Processing = "processing",
        /// Its status, or the player's, is no word that we know.
        UnknownStatus = "unknown_status",
        /// Its id is no lower-case UUID.
        OddId = "odd_id",
        /// Its session is not over.
        NotOver = "not_over",
        /// It has used its attempts.
        AttemptsUsed = "attempts_used",
        /// It waits until its next attempt.
        Pause = "pause",
        /// Its player is not in the rollout's share.
        Rollout = "rollout",
        /// Another conversation of its player is being processed.
        PlayerBusy = "player_busy",
        /// An older one of its player goes first.
        OlderFirst = "older_first",
        /// It is not ready.
        NotReady = "not_ready",
        /// The player's game is over.
        GameOver = "game_over",
        /// The player has won.
        Won = "won",
        /// The player is in a boss fight.
        BossFight = "boss_fight",
        /// The player is still being introduced.
        Introduction = "introduction",
        /// The player's score, chapter or times can't be read.
        Unreadable = "unreadable",
        /// The player's grace is not over.
        Grace = "grace",
        /// The player is charged up to the watermark, and owes no whole step since.
        NothingOwed = "nothing_owed",
        /// Another program has charged the player, who owes no whole step since.
        Foreign = "foreign",
    }
}

impl WhyRule {
    /// Reads a statement's word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == word).unwrap_or(Self::NotReady)
    }
}

words! {
    /// The status of a recovered row.
    Target {
        /// To be retried.
        Active = "active",
        /// Given up.
        Failed = "failed",
    }
}

words! {
    /// The kinds of record that `scan-stuck` watches.
    RecordKind {
        /// An audit.
        Audit = "audit",
        /// A run of a job.
        Execution = "execution",
    }
}

words! {
    /// Whether the owner of a running execution is alive.
    LeaseState {
        /// Its lease is renewed.
        Live = "live",
        /// Its lease has expired.
        Dead = "dead",
        /// Another program's, which has no lease.
        Unknown = "unknown",
    }
}

words! {
    /// The outcome of a `doctor` check.
    CheckStatus {
        /// As it should be.
        Ok = "ok",
        /// The jobs run, but it needs attention.
        Warning = "warning",
        /// At least one job can't run.
        Problem = "problem",
        /// Not checked.
        Skipped = "skipped",
    }
}

words! {
    /// The verdict of `health`, best first.
    Health {
        /// Nothing to do.
        Healthy = "healthy",
        /// It works, but needs attention.
        Degraded = "degraded",
        /// It does not work.
        Unhealthy = "unhealthy",
    }
}

impl Health {
    /// The exit code of the contract.
    #[must_use]
    pub const fn exit(self) -> Exit {
        match self {
            Self::Healthy => Exit::Success,
            Self::Degraded => Exit::Partial,
            Self::Unhealthy => Exit::Failure,
        }
    }

    /// The verdict as a command's status.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Healthy => Status::Healthy,
            Self::Degraded => Status::Degraded,
            Self::Unhealthy => Status::Unhealthy,
        }
    }
}
