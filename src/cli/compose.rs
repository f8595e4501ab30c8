//! From arguments to settings, store and providers: the composition root.

use std::env::{self, VarError};
use std::fs;
use std::path::{self, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;

mod database;

use database::state_folder;
pub use database::{
    DEFAULT_FILE, connect, database, database_as_it_is, database_to_migrate, names_no_database, read_only_timeouts,
    timeouts_of_job, unlimited_timeouts,
};

use super::args::common::{FORCE, IDLE, LEASE, ROLLOUT, SESSION_TIMEOUT, TEMPLATE_DIR};
use super::args::{self, process, scan};
use super::output::Output;
use super::progress_bar;
use super::raw::Problem;
use crate::config::parse;
use crate::core::decay::{ChapterRule, Rules};
use crate::core::graph;
use crate::core::prices::Prices;
use crate::core::prompt::PromptTemplate;
use crate::core::settings::StageSettings;
use crate::core::stages::STAGES;
use crate::domain::ids::{ConversationId, RecordId, UserId};
use crate::domain::job::Job;
use crate::domain::points::Points;
use crate::domain::prompt::Platform;
use crate::jobs::process_conversations::by_id::SingleRequest;
use crate::jobs::{decay, process_conversations, recover, scan_stuck};
use crate::providers::Providers;
use crate::providers::rehearsal::Rehearsal;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::lifecycle::Plan;
use crate::store::Store;

/// The name of the demo's file in the state folder.
const DEMO_FILE: &str = "demo.sqlite";

/// The absolute path of the demo's database. `DATABASE_URL` never applies to it.
pub fn demo_path(matches: &ArgMatches) -> Result<PathBuf, Problem> {
    let path = match args::demo::PATH.text(matches) {
        Some(path) => PathBuf::from(path),
        None => state_folder()?.join(DEMO_FILE),
    };
    let absolute = path::absolute(&path);
    let absolute = absolute.map_err(|error| Problem::configuration(format!("--path {}: {error}", path.display())))?;
    if absolute.to_string_lossy().contains('?') {
        // A database URL's options begin at a question mark.
        return Err(Problem::configuration(format!(
            "{} contains a question mark, so no database URL can name it",
            absolute.display()
        )));
    }
    Ok(absolute)
}

/// The name under which the shell started this program.
pub fn program() -> String {
    let name = env::args_os().next().map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}

/// The plan of a run.
pub fn plan(matches: &ArgMatches, output: Output, job: Job, unit: &'static str) -> Result<Plan, Problem> {
    let window = window(matches, job)?;
    Ok(Plan {
        job: job.as_str(),
        unit,
        overlap: process::ALLOW_OVERLAP.is_on(matches),
        lease: LEASE.read(matches)?,
        window: Some(window).filter(|window| !window.is_zero() && !FORCE.is_on(matches)),
        grace: process::GRACE.find(matches)?.unwrap_or(Plan::GRACE),
        watch: progress_bar::watch(output, unit),
        execution: process::EXECUTION_ID.find(matches)?,
    })
}

/// How long a completed run prevents the next one from starting, unless forced.
pub fn window(matches: &ArgMatches, job: Job) -> Result<Duration, Problem> {
    match job {
        Job::Decay => args::decay::WINDOW.read(matches),
        Job::Recover => args::recover::WINDOW.read(matches),
        // A little less than the schedule's interval, so that a run can start early.
        Job::ScanStuck => match scan::WINDOW.find(matches)? {
            Some(window) => Ok(window),
            None => Ok(scan::CHECK_INTERVAL.read(matches)? * 4 / 5),
        },
        Job::ProcessConversations => process::WINDOW.read(matches),
    }
}

/// The settings of decay.
pub fn decay(matches: &ArgMatches) -> Result<decay::Settings, Problem> {
    Ok(decay::Settings {
        rules: decay_rules(matches)?,
        chunk: args::decay::CHUNK.read(matches)?,
        batch: args::decay::BATCH.find(matches)?,
    })
}

/// What decay charges.
pub fn decay_rules(matches: &ArgMatches) -> Result<Rules, Problem> {
    let (graces, rates) = (args::decay::GRACES.read(matches)?, args::decay::RATES.read(matches)?);
    let mut chapters = Vec::with_capacity(graces.len());
    for (grace, rate) in graces.into_iter().zip(rates) {
        let rule = ChapterRule::new(grace, rate);
        chapters.push(
            rule.ok_or_else(|| Problem::configuration("a grace over a year, or over 100 points an hour".to_owned()))?,
        );
    }
    let most = args::decay::MOST.read(matches)?;
    let chapters = chapters.try_into().map_err(|_| Problem::configuration("five chapters are needed".to_owned()))?;
    Ok(Rules { chapters, most_per_run: Points(most) })
}

/// The settings of recover.
pub fn recover(matches: &ArgMatches) -> Result<recover::Settings, Problem> {
    Ok(recover::Settings {
        idle: IDLE.read(matches)?,
        requeue: args::recover::REQUEUE.is_on(matches),
        batch: args::recover::BATCH.read(matches)?,
    })
}

/// What to recover by hand.
pub enum ByHand {
    /// Nothing: the run is in bulk.
    Nothing,
    /// These conversations.
    Conversations(Vec<ConversationId>),
    /// These audits, or these executions.
    Records(Vec<RecordId>),
}

impl ByHand {
    /// The unit of the run's progress.
    pub const fn unit(&self) -> &'static str {
        if let Self::Records(_) = self { "records" } else { "conversations" }
    }
}

/// What to recover by hand.
pub fn by_hand(matches: &ArgMatches) -> Result<ByHand, Problem> {
    let kind = match args::recover::KIND.text(matches) {
        None => return Ok(ByHand::Nothing),
        Some(kind @ ("conversation" | "audit" | "execution")) => kind,
        Some(other) => {
            return Err(Problem::Usage(format!(
                "{other:?} can't be recovered; name conversation ID, audit ID or execution ID"
            )));
        }
    };
    // Refused only on the command line: the variable is for runs in bulk.
    if kind != "conversation" && args::recover::REQUEUE.is_typed(matches) {
        return Err(Problem::Usage(format!("--requeue is for conversations; an {kind} can only be failed")));
    }
    let ids = args::recover::IDS.texts(matches);
    Ok(match kind {
        "conversation" => ByHand::Conversations(ids.map(|it| id(kind, it)).collect::<Result<_, _>>()?),
        kind => ByHand::Records(ids.map(|it| record_id(kind, it)).collect::<Result<_, _>>()?),
    })
}

fn id<T: FromStr>(kind: &str, text: &str) -> Result<T, Problem> {
    let article = if kind == "conversation" { "a" } else { "an" };
    text.parse().map_err(|_| Problem::Usage(format!("{text:?} is not {article} {kind}'s id, a UUID")))
}

fn record_id(kind: &str, text: &str) -> Result<RecordId, Problem> {
    if kind == "audit" { id(kind, text).map(RecordId::Audit) } else { id(kind, text).map(RecordId::Execution) }
}

/// The settings of scan-stuck.
pub fn scan_stuck(matches: &ArgMatches) -> Result<scan_stuck::Settings, Problem> {
    scan::CHECK_INTERVAL.read(matches)?;
    Ok(scan_stuck::Settings {
        silence: scan::NO_ACTIVITY.read(matches)?,
        audit_age: scan::AUDIT_TIMEOUT.read(matches)?,
        execution_age: scan::EXECUTION_TIMEOUT.read(matches)?,
        batch: scan::BATCH.read(matches)?,
        idle: IDLE.read(matches)?,
        retain: scan::RETAIN.read(matches)?,
    })
}

/// The one record to judge without changing it.
pub fn record(matches: &ArgMatches) -> Result<Option<RecordId>, Problem> {
    let audit = scan::AUDIT.text(matches).map(|text| record_id("audit", text));
    audit.or_else(|| scan::EXECUTION.text(matches).map(|text| record_id("execution", text))).transpose()
}

/// The settings of process-conversations.
pub fn process(matches: &ArgMatches) -> Result<process_conversations::Settings, Problem> {
    Ok(process_conversations::Settings {
        batch: process::BATCH.read(matches)?,
        concurrency: process::CONCURRENCY.read(matches)?,
        session_timeout: SESSION_TIMEOUT.read(matches)?,
        rollout: rollout(matches)?,
        prices: Arc::new(prices(matches)?),
        budget: process::BUDGET.find(matches)?,
        backfill: process::BACKFILL.read(matches)?,
    })
}

/// The price file's prices over the shipped ones.
fn prices(matches: &ArgMatches) -> Result<Prices, Problem> {
    match process::PRICES_FILE.find(matches)? {
        Some(prices) => Ok(prices),
        None => Prices::shipped().map_err(|why| Problem::Run(RunError::Bug(format!("the shipped price table {why}")))),
    }
}

/// The application's own name for our rollout setting.
const ROLLOUT_OF_THE_APPLICATION: &str = "UNIFIED_PIPELINE_ROLLOUT_PCT";

/// The share of players. The application's variable counts where ours is unset.
pub fn rollout(matches: &ArgMatches) -> Result<u8, Problem> {
    match env::var(ROLLOUT_OF_THE_APPLICATION) {
        Ok(text) if ROLLOUT.is_default(matches) => parse::percent(&text)
            .map_err(|why| Problem::configuration(format!("{ROLLOUT_OF_THE_APPLICATION}={text:?} {why}"))),
        Err(VarError::NotUnicode(_)) if ROLLOUT.is_default(matches) => {
            Err(Problem::configuration(format!("{ROLLOUT_OF_THE_APPLICATION} is not UTF-8 text")))
        }
        _ => ROLLOUT.read(matches),
    }
}

/// The one conversation to process; none in bulk.
pub fn single(matches: &ArgMatches) -> Result<Option<SingleRequest>, Problem> {
    let id = process::ID.find(matches)?;
    let reprocess = process::REPROCESS.is_on_beside(matches, "--id", id.is_some())?;
    Ok(id.map(|conversation| SingleRequest { conversation, reprocess }))
}

/// The injected failures, and the timeout of a conversation.
pub fn rehearsal(matches: &ArgMatches) -> Result<(Rehearsal, Duration), Problem> {
    Ok((process::REHEARSE.find(matches)?.unwrap_or_default(), process::TIMEOUT.read(matches)?))
}

/// The demo's pipeline: always offline, even where keys are set.
pub fn demo_pipeline(defaults: &ArgMatches, store: &Store) -> Result<PipelineContext, Problem> {
    let timeout = process::TIMEOUT.read(defaults)?;
    pipeline(defaults, store, Providers::local(Rehearsal::default()), timeout)
}

/// What the conversations of a run share, the template included.
pub fn pipeline(
    matches: &ArgMatches,
    store: &Store,
    providers: Providers,
    timeout: Duration,
) -> Result<PipelineContext, Problem> {
    let table: Vec<_> = STAGES.iter().map(|stage| (stage.name, stage.needs)).collect();
    graph::check(&table).map_err(|error| RunError::Bug(error.to_string()))?;
    let settings = stage_settings(matches, template(matches)?)?;
    Ok(PipelineContext {
        store: store.clone(),
        providers: Arc::new(providers),
        settings: Arc::new(settings),
        timeout,
        runtime: None,
    })
}

/// The settings of the stages.
pub fn stage_settings(matches: &ArgMatches, template: PromptTemplate) -> Result<StageSettings, Problem> {
    Ok(StageSettings {
        duplicate_similarity: process::DUPLICATE_SIMILARITY.read(matches)?,
        transcript_budget: StageSettings::TRANSCRIPT_BUDGET,
        drop_unsupported: process::UNSUPPORTED_FACTS.read(matches)?,
        template,
        conflict: process::CONFLICT.read(matches)?,
        breakup: process::BREAKUP.read(matches)?,
    })
}

/// The template: the shipped one, or `prompt.j2` in `--template-dir`. It is parsed here so that no run begins with an invalid one.
pub fn template(matches: &ArgMatches) -> Result<PromptTemplate, Problem> {
    let Some(folder) = TEMPLATE_DIR.text(matches) else {
        return PromptTemplate::shipped().map_err(|error| Problem::configuration(error.to_string()));
    };
    let path = PathBuf::from(folder).join(PromptTemplate::FILE_NAME);
    let source = fs::read_to_string(&path).map_err(|error| {
        Problem::configuration(format!(
            "template {}: {error}. --template-dir (NIKITA_TEMPLATE_DIR) names a folder with a {}",
            path.display(),
            PromptTemplate::FILE_NAME
        ))
    })?;
    PromptTemplate::parse(&path.display().to_string(), &source)
        .map_err(|error| Problem::configuration(error.to_string()))
}

/// The player and the platform of the prompt to render.
pub fn portrait(matches: &ArgMatches) -> Result<(UserId, Platform), Problem> {
    Ok((args::prompt::USER.read(matches)?, args::prompt::PLATFORM.read(matches)?))
}

/// Refuses a budget that can't be enforced because a model has no price.
pub fn check_budget(settings: &process_conversations::Settings, providers: &Providers) -> Result<(), Problem> {
    let mut remotes = providers.language_model().into_iter().chain(providers.embeddings());
    let unpriced = remotes.find(|remote| settings.prices.cost(&remote.model, 1, 1).is_none());
    match unpriced.filter(|_| settings.budget.is_some()) {
        None => Ok(()),
        Some(remote) => Err(Problem::configuration(format!(
            "NIKITA_BUDGET_USD can't be kept: the model {:?} has no price. Add one to the file of NIKITA_PRICES_FILE, \
             such as {{{:?}: {{\"input\": 0.5, \"output\": 2}}}} in US dollars per million tokens",
            remote.model, remote.model
        ))),
    }
}
