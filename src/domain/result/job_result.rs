//! The whole result of a command. The demo's contains the results of its runs.

use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor};
use serde::ser::{self, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
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
    AbortedDemo(Box<AbortedDemo>),
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

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Box<RawValue> {
        to_raw_value(self).unwrap_or_else(|_| RawValue::NULL.to_owned())
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
    /// One object of the common fields and its own. As texts, because a tree of a result with 500 conversations takes megabytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (common, own) = (raw(&self.common)?, raw(&self.own)?);
        let (common, own): (Fields<'_>, Fields<'_>) = (fields(&common)?, fields(&own)?);
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in &common.0 {
            let is_kept = *name == "error" || *name == "status" && !self.own.has_status();
            let replaced = own.get(name).filter(|_| !is_kept);
            object.serialize_entry(name, replaced.unwrap_or(value))?;
        }
        for (name, value) in own.0.iter().filter(|(name, _)| common.get(name).is_none()) {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

fn raw<E: ser::Error>(value: &impl Serialize) -> Result<Box<RawValue>, E> {
    to_raw_value(value).map_err(E::custom)
}

fn fields<E: ser::Error>(object: &RawValue) -> Result<Fields<'_>, E> {
    serde_json::from_str(object.get()).map_err(E::custom)
}

/// The fields of an object, in order.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = object.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Entries)
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
pub struct AbortedDemo {
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
