//! The contract as types (spec 01): the output of each command, one struct per result. The tables on a terminal, the metrics, the
//! pings, the page, the reference and the JSON Schemas use these structs, so that renaming a field is a compile error in all of them.
//!
//! A result consists of [`Common`], the fields of every result, and [`Own`], the command's own fields. Fields are only ever added.

mod check;
mod common;
mod decay;
mod demo;
mod doctor;
mod exec;
mod failures;
mod health;
mod job_result;
mod looks;
mod process;
mod recover;
mod scan;
pub mod schema;
mod skip;
mod stats;
mod status;

pub use super::words::{
    CheckStatus, EntryStatus, ErrorKind, Fallback, Health, LeaseState, RecordKind, RecoverRule, ServerRole, SkipReason,
    StageStatus, Status, Target, WhyKind, WhyRule,
};
pub use check::{BrokenRow, CheckResult, PromiseAnswer};
pub use common::{Common, ErrorBody, LookedAt, SCHEMA_VERSION};
pub use decay::{DecayResult, NotCharged};
pub use demo::{Charged, GivenUp, Known, Limits, Next, Planted, ReadyPrompt, Replaced, Spared, Sums, Touchpoint};
pub use doctor::{CheckEntry, DoctorResult};
pub use exec::ExecResult;
pub use failures::{
    FailureEntry, FailureGroupEntry, FailuresResult, NextConversation, Reason, RetryError, RetryResult, Untouched,
    WhyEntry, WhyResult,
};
pub use health::{Change, HealthResult, RecoveredCount};
pub use job_result::{AbortedDemo, DemoResult, JobResult, Own};
pub use looks::{MigrateResult, MigrationEntry, PromptResult, ReportResult};
pub use process::{
    ConversationEntry, ConversationPlan, ConversationResult, Learnt, MemoryFigures, ProcessPlan, ProcessResult,
    StageErrors, StageResult, Timing, Tokens,
};
pub use recover::{ConversationRecovery, NotRecovered, RecordRecovery, RecoverResult, RecoveryEntry};
pub use scan::{Judgement, ScanRecovery, ScanResult};
pub use skip::SkipResult;
pub use stats::{FactCounts, JobCounts, OutcomeCounts, StatsResult, TokenCounts};
pub use status::{ExecutionResult, ExecutionStatus, JobStatus, RunsResult, StatusResult, Stored, StoredProgress};
