//! The whole result of a command. The demo's contains the results of its runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::check::CheckResult;
use super::common::{Common, ErrorBody, SCHEMA_VERSION};
use super::decay::DecayResult;
use super::demo::{Charged, GivenUp, Known, Limits, Next, Planted, ReadyPrompt, Spared, Sums, Touchpoint};
use super::doctor::DoctorResult;
use super::exec::ExecResult;
use super::failures::{FailuresResult, RetryResult, WhyResult};
use super::health::{Change, HealthResult};
use super::looks::{MigrateResult, PromptResult, ReportResult};
use super::process::{ConversationPlan, ConversationResult, ProcessPlan, ProcessResult, Timing};
use super::recover::{RecoverResult, RecoveryEntry};
use super::scan::{Judgement, ScanResult};
use super::skip::SkipResult;
use super::stats::StatsResult;
use super::status::{ExecutionResult, RunsResult, StatusResult};
use crate::domain::exit::Exit;
use crate::domain::stage::StageName;
use crate::domain::words::{RecordKind, RecoverRule, SkipReason, Status};

/// The result of a command, for stdout, the execution's row and a ping.
#[derive(Clone, Debug)]
pub struct JobResult {
    /// The common fields.
    pub common: Common,
    /// The command's own fields.
    pub own: Own,
}

macro_rules! own {
    ($($(#[$doc:meta])* $variant:ident($kind:ty)),* $(,)?) => {
        /// The own fields of one command.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Own {
            /// None: it failed, or it has no own fields.
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
    /// A skipped run.
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
    /// `health --on-change`, if the check itself failed.
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
    /// An aborted demo.
    BrokenOff(Box<BrokenOff>),
}

impl Own {
    /// Whether its `status` replaces the common one: a single conversation's outcome, the status of a record.
    fn has_status(&self) -> bool {
        match self {
            Self::Conversation(it) => !it.stopped,
            Self::Judgement(_) => true,
            _ => false,
        }
    }
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
            looked_at: None,
            dead_runs_closed: 0,
            warnings: Vec::new(),
            error: None,
        };
        Self { common, own: own.into() }
    }

    /// A failure without own fields.
    #[must_use]
    pub fn failure(job: &str, exit: Exit, error: ErrorBody) -> Self {
        let mut result = Self::new(job, Status::Error, exit, Own::Nothing {});
        result.common.error = Some(error);
        result
    }

    /// The JSON object on stdout and in `job_executions.result`.
    ///
    /// # Errors
    /// Never, as long as all maps in the structs have string keys.
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

    /// How many conversations, audits and executions it recovered; 0 for a dry run.
    #[must_use]
    pub const fn recovered(&self) -> usize {
        match &self.own {
            _ if self.common.dry_run => 0,
            Own::Recover(it) => it.recovered,
            Own::Scan(it) => it.recoveries_count,
            _ => 0,
        }
    }

    /// The kind of each that it recovered, and the rule: of every job, its own dead runs; nothing of a dry run or of what was done by
    /// hand.
    #[must_use]
    pub fn recoveries(&self) -> Vec<(&'static str, RecoverRule)> {
        let dead = usize::try_from(self.common.dead_runs_closed).unwrap_or_default();
        let mut recoveries = vec![(RecordKind::Execution.as_str(), RecoverRule::OwnerDead); dead];
        recoveries.extend(self.own_recoveries());
        recoveries
    }

    fn own_recoveries(&self) -> Vec<(&'static str, RecoverRule)> {
        match &self.own {
            _ if self.common.dry_run => Vec::new(),
            Own::Recover(it) => it.recoveries.iter().filter_map(RecoveryEntry::by_rule).collect(),
            Own::Scan(it) => {
                it.recoveries.iter().filter(|it| it.success).map(|it| (it.kind.as_str(), it.rule)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Why it was skipped, if it was.
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

/// The runs of a demo, and their effects.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DemoResult {
    /// The database file.
    pub database: String,
    /// The value for `--database-url`.
    pub database_url: String,
    /// Whether it replaced the database of an earlier demo.
    pub replaced_earlier_demo: bool,
    /// The sample data.
    pub planted: Planted,
    /// The limits of a run.
    pub limits: Limits,
    /// The result of `decay`.
    #[schemars(with = "Map<String, Value>")]
    pub decay: JobResult,
    /// The result of `recover`.
    #[schemars(with = "Map<String, Value>")]
    pub recover: JobResult,
    /// The result of `scan-stuck`.
    #[schemars(with = "Map<String, Value>")]
    pub scan_stuck: JobResult,
    /// Players who lost points, the most first.
    pub charged: Vec<Charged>,
    /// Players who did not, and why.
    pub spared: Vec<Spared>,
    /// The results of `process-conversations`, one per run.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub runs: Vec<JobResult>,
    /// The conversations that were given up.
    pub given_up: Vec<GivenUp>,
    /// Times by stage over all runs, as in a run's own result.
    pub stage_timings: BTreeMap<StageName, Timing>,
    /// Counts of the written rows.
    pub sums: Sums,
    /// A few players, as Nikita remembers them now.
    pub known: Vec<Known>,
    /// The current prompts of the first of them.
    pub prompts: Vec<ReadyPrompt>,
    /// The messages that Nikita will send on her initiative.
    pub touchpoints: Vec<Touchpoint>,
    /// Commands to try next.
    pub next: Vec<Next>,
}

/// A demo that a signal or a failure aborted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BrokenOff {
    /// The database file.
    pub database: String,
    /// The sample data.
    pub planted: Planted,
    /// The result of `decay`; null if it did not run.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub decay: Option<JobResult>,
    /// The result of `recover`.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub recover: Option<JobResult>,
    /// The result of `scan-stuck`.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub scan_stuck: Option<JobResult>,
    /// The results of `process-conversations`, one per run.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub runs: Vec<JobResult>,
}
