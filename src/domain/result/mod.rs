//! The contract as types (spec 01): what each command prints, one struct a result. The table on a terminal, the metrics, the pings, the page, the
//! reference and the JSON Schemas read these structs, so that renaming a field is a compile error in all of them.
//!
//! A result is [`Common`], which every result has, and [`Own`], what one command adds. Fields are only ever added.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

mod check;
mod decay;
mod demo;
mod doctor;
mod exec;
mod failures;
mod health;
mod looks;
mod process;
mod recover;
mod scan;
pub mod schema;
mod stats;
mod status;

pub use super::words::{
    CheckStatus, EntryStatus, ErrorKind, Fallback, Health, LeaseState, RecordKind, RecoverRule, SkipReason,
    StageStatus, Status, Target, WhyKind, WhyRule,
};
pub use check::{BrokenRow, CheckResult, PromiseAnswer};
pub use decay::{DecayResult, NotCharged};
pub use demo::{
    BrokenOff, Charged, DemoResult, GivenUp, Known, Limits, Next, Planted, ReadyPrompt, Replaced, Spared, Sums,
    Touchpoint,
};
pub use doctor::{CheckEntry, DoctorResult};
pub use exec::ExecResult;
pub use failures::{
    FailureEntry, FailureGroupEntry, FailuresResult, Reason, RetryError, RetryResult, Untouched, WhyEntry, WhyResult,
};
pub use health::{Change, HealthResult};
pub use looks::{MigrateResult, MigrationEntry, PromptResult, ReportResult};
pub use process::{
    ConversationEntry, ConversationPlan, ConversationResult, Learnt, MemoryFigures, ProcessPlan, ProcessResult,
    StageErrors, StageResult, Timing, Tokens,
};
pub use recover::{ConversationRecovery, NotRecovered, RecordRecovery, RecoverResult, RecoveryEntry};
pub use scan::{Judgement, ScanRecovery, ScanResult};
pub use stats::{FactCounts, JobCounts, OutcomeCounts, StatsResult, TokenCounts};
pub use status::{ExecutionResult, ExecutionStatus, JobStatus, RunsResult, StatusResult, Stored, StoredProgress};

use super::exit::Exit;
use super::ids::ExecutionId;

/// The version of this contract. A field that is added does not change it; anything else does.
pub const SCHEMA_VERSION: u32 = 1;

/// What every result has.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Common {
    /// The command; null where none could be read.
    pub job: Option<String>,
    /// How it came out.
    pub status: Status,
    /// The process's exit code.
    pub exit_code: u8,
    /// The run; null where there was none.
    pub execution_id: Option<ExecutionId>,
    /// When it began, by the database's clock; null where it did not come so far.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The version of this contract.
    pub schema_version: u32,
    /// Whether nothing was written, because only a plan was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Whether the hidden `--now` stood in for the database's clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub now_overridden: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// Why a command failed.
#[derive(Clone, Debug, Serialize, serde::Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// What kind of failure it is, in one word; [`ErrorKind`] lists ours.
    pub kind: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl ErrorBody {
    /// From its kind and its sentence.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind: kind.as_str().to_owned(), message: message.into() }
    }
}

/// The result of a command: what stdout, the execution's row and a ping carry.
#[derive(Clone, Debug)]
pub struct JobResult {
    /// What every result has.
    pub common: Common,
    /// What this command adds.
    pub own: Own,
}

macro_rules! own {
    ($($(#[$doc:meta])* $variant:ident($kind:ty)),* $(,)?) => {
        /// What one command adds to the common fields.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Own {
            /// Nothing: it failed, or it has nothing else to say.
            Nothing {},
            $($(#[$doc])* $variant($kind)),*
        }

        $(impl From<$kind> for Own {
            fn from(it: $kind) -> Self {
                Self::$variant(it)
            }
        })*
    };
}

own! {
    /// A run that was not made.
    Skip(SkipResult),
    /// `decay`.
    Decay(DecayResult),
    /// `process-conversations`.
    Process(Box<ProcessResult>),
    /// The same with `--dry-run`.
    ProcessPlan(ProcessPlan),
    /// `process-conversations --id`.
    Conversation(Box<ConversationResult>),
    /// The same with `--dry-run`.
    ConversationPlan(ConversationPlan),
    /// `recover`.
    Recover(RecoverResult),
    /// `scan-stuck`.
    Scan(ScanResult),
    /// `scan-stuck --audit` and `--execution`.
    Judgement(Judgement),
    /// `health`.
    Health(HealthResult),
    /// `health --on-change` where the look itself failed.
    Change(Change),
    /// `stats`.
    Stats(Box<StatsResult>),
    /// `status`.
    Status(StatusResult),
    /// `status --since`.
    Runs(RunsResult),
    /// `exec`.
    Exec(ExecResult),
    /// `failures`.
    Failures(FailuresResult),
    /// `retry`.
    Retry(RetryResult),
    /// `why`.
    Why(WhyResult),
    /// `status` of one execution.
    Execution(Box<ExecutionResult>),
    /// `check`.
    Check(CheckResult),
    /// `report`.
    Report(ReportResult),
    /// `doctor`.
    Doctor(DoctorResult),
    /// `migrate`.
    Migrate(MigrateResult),
    /// `prompt render`.
    Prompt(PromptResult),
    /// `demo`.
    Demo(Box<DemoResult>),
    /// A demo that did not come to its end.
    BrokenOff(Box<BrokenOff>),
}

impl Own {
    /// Whether its `status` stands in place of the common one: a single conversation's outcome, the status of a record.
    fn has_status(&self) -> bool {
        match self {
            Self::Conversation(it) => !it.stopped,
            Self::Judgement(_) => true,
            _ => false,
        }
    }
}

/// A run that was not made (exit code 75).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SkipResult {
    /// Why.
    pub reason: SkipReason,
    /// The run that is in the way.
    pub blocked_by: Option<ExecutionId>,
    /// When it is worth trying again.
    pub reopens_at: Option<DateTime<Utc>>,
    /// When the run that closed the window completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether another program has made that run: two runners are at work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

impl JobResult {
    /// A result with its common fields.
    #[must_use]
    pub fn new(job: &str, status: Status, exit: Exit, own: impl Into<Own>) -> Self {
        let common = Common {
            job: Some(job.to_owned()),
            status,
            exit_code: exit.code(),
            execution_id: None,
            started_at: None,
            duration_ms: 0,
            schema_version: SCHEMA_VERSION,
            dry_run: false,
            now_overridden: false,
            error: None,
        };
        Self { common, own: own.into() }
    }

    /// A result that is nothing but a failure.
    #[must_use]
    pub fn failure(job: &str, exit: Exit, error: ErrorBody) -> Self {
        let mut result = Self::new(job, Status::Error, exit, Own::Nothing {});
        result.common.error = Some(error);
        result
    }

    /// As it stands on stdout and in `job_executions.result`.
    ///
    /// # Errors
    /// Never, as long as the structs hold maps with names for keys.
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        let object = |value| match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let common = object(serde_json::to_value(&self.common)?);
        let mut fields = common.clone();
        fields.extend(object(serde_json::to_value(&self.own)?));
        let kept = [("status", !self.own.has_status()), ("error", self.common.error.is_some())];
        for (name, value) in
            kept.iter().filter(|(_, kept)| *kept).filter_map(|(name, _)| Some((*name, common.get(*name)?)))
        {
            fields.insert(name.to_owned(), value.clone());
        }
        Ok(fields)
    }

    /// As JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.fields().map_or(Value::Null, Value::Object)
    }

    /// How many conversations, audits and executions it recovered; none by a dry run.
    #[must_use]
    pub const fn recovered(&self) -> usize {
        match &self.own {
            _ if self.common.dry_run => 0,
            Own::Recover(it) => it.recovered,
            Own::Scan(it) => it.recoveries_count,
            _ => 0,
        }
    }

    /// Why it was skipped, where it was.
    #[must_use]
    pub const fn skip_reason(&self) -> Option<SkipReason> {
        match &self.own {
            Own::Skip(skip) => Some(skip.reason),
            _ => None,
        }
    }
}

impl Serialize for JobResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}
