//! From arguments to settings, store and providers: the composition root.

use std::env;
use std::fs;
use std::path::{self, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::ArgMatches;
use clap::parser::ValueSource;

mod database;

use database::state_folder;
pub use database::{
    DEFAULT_FILE, connect, database, database_as_it_is, database_to_migrate, names_no_database, patient_terms,
    terms_of_job, terms_of_look,
};

use super::output::Output;
use super::progress_bar;
use super::raw::{self, Problem};
use super::spending;
use super::{args, conflict};
use crate::config::parse;
use crate::core::decay::{ChapterRule, Rules};
use crate::core::graph;
use crate::core::prompt::PromptTemplate;
use crate::core::settings::StageSettings;
use crate::core::stages::STAGES;
use crate::domain::ids::{ConversationId, RecordId, UserId};
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

/// Where the demo's database goes: never where `DATABASE_URL` says. Absolute.
pub fn demo_path(matches: &ArgMatches) -> Result<PathBuf, Problem> {
    let path = match raw::text(matches, "path") {
        Some(path) => PathBuf::from(path),
        None => state_folder()?.join(DEMO_FILE),
    };
    let absolute = path::absolute(&path);
    let absolute = absolute.map_err(|error| Problem::configuration(format!("--path {}: {error}", path.display())))?;
    if absolute.to_string_lossy().contains('?') {
        // What follows one is read as options of the URL.
        return Err(Problem::configuration(format!(
            "{} has a question mark in it, so that no database URL can name it",
            absolute.display()
        )));
    }
    Ok(absolute)
}

/// How the shell that started us calls this program.
pub fn program() -> String {
    let name = env::args_os().next().map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}

pub fn now(matches: &ArgMatches) -> Result<Option<DateTime<Utc>>, Problem> {
    raw::value(matches, "now", |text| {
        let time = DateTime::parse_from_rfc3339(text).map_err(|why| format!("is not RFC 3339: {why}"))?;
        Ok(time.to_utc())
    })
}

/// How the run is made.
pub fn plan(matches: &ArgMatches, output: Output, job: &'static str, unit: &'static str) -> Result<Plan, Problem> {
    let window = window(matches)?;
    Ok(Plan {
        job,
        unit,
        overlap: raw::is_on(matches, "allow-overlap"),
        lease: lease(matches)?,
        window: Some(window).filter(|window| !window.is_zero() && !raw::is_on(matches, "force")),
        grace: grace(matches)?,
        watch: progress_bar::watch(output, unit),
        execution: raw::value(matches, "execution-id", |text| text.parse().map_err(|_| "is not a UUID".to_owned()))?,
    })
}

/// How long a completed run keeps the next from beginning, unless that is forced.
pub fn window(matches: &ArgMatches) -> Result<Duration, Problem> {
    match raw::value(matches, "window", parse::duration_or_zero)? {
        Some(window) => Ok(window),
        // scan-stuck's: a little less than the schedule's interval, so that a run may be early.
        None => Ok(raw::required(matches, "check-interval", seconds)? * 4 / 5),
    }
}

/// How long a run's lease lives without a renewal.
pub fn lease(matches: &ArgMatches) -> Result<Duration, Problem> {
    raw::required(matches, "lease", |text| match parse::duration(text)? {
        short if short < Duration::from_secs(2) => Err("must be at least 2s".to_owned()),
        lease => Ok(lease),
    })
}

/// How long what is under way may go on after a signal.
pub fn grace(matches: &ArgMatches) -> Result<Duration, Problem> {
    Ok(raw::value(matches, "grace", parse::duration_or_zero)?.unwrap_or(Plan::GRACE))
}

/// How decay works.
pub fn decay(matches: &ArgMatches) -> Result<decay::Settings, Problem> {
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
    Ok(decay::Settings {
        rules: Rules { chapters, most_per_run: Points(most) },
        chunk: args::decay::CHUNK.read(matches)?,
        batch: args::decay::BATCH.find(matches)?,
    })
}

/// How stuck conversations are recovered.
pub fn recover(matches: &ArgMatches) -> Result<recover::Settings, Problem> {
    let batch = raw::required(matches, "batch", |text| parse::count(text, 1_000_000))?;
    Ok(recover::Settings {
        idle: raw::required(matches, "idle", parse::duration)?,
        requeue: raw::is_on(matches, "requeue"),
        batch: usize::try_from(batch).unwrap_or(usize::MAX),
    })
}

/// What is to be recovered by hand.
pub enum ByHand {
    /// In bulk.
    Nothing,
    /// These conversations.
    Conversations(Vec<ConversationId>),
    /// These audits, or these executions.
    Records(Vec<RecordId>),
}

impl ByHand {
    /// What the run's progress counts.
    pub const fn unit(&self) -> &'static str {
        if let Self::Records(_) = self { "records" } else { "conversations" }
    }
}

/// What is to be recovered by hand.
pub fn by_hand(matches: &ArgMatches) -> Result<ByHand, Problem> {
    let kind = match raw::text(matches, "kind") {
        None => return Ok(ByHand::Nothing),
        Some(kind @ ("conversation" | "audit" | "execution")) => kind,
        Some(other) => {
            return Err(Problem::Usage(format!(
                "{other:?} can't be recovered by hand; conversation ID, audit ID and execution ID can"
            )));
        }
    };
    // Only where it was asked for here: the variable is for the runs in bulk.
    if kind != "conversation" && matches.value_source("requeue") == Some(ValueSource::CommandLine) {
        return Err(Problem::Usage(format!("--requeue is for conversations; an {kind} is failed")));
    }
    let ids = matches.get_many::<String>("ids").unwrap_or_default();
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

/// How audits and executions are judged.
pub fn scan_stuck(matches: &ArgMatches) -> Result<scan_stuck::Settings, Problem> {
    // Ten years, as for durations.
    let minutes = |text: &str| parse::count(text, 10 * 365 * 24 * 60).map(|it| Duration::from_mins(it.unsigned_abs()));
    let batch = raw::required(matches, "batch", |text| parse::count(text, 1_000_000))?;
    raw::required(matches, "check-interval", seconds)?;
    Ok(scan_stuck::Settings {
        silence: raw::required(matches, "no-activity", minutes)?,
        audit_age: raw::required(matches, "audit-timeout", minutes)?,
        execution_age: raw::required(matches, "execution-timeout", parse::duration)?,
        batch: usize::try_from(batch).unwrap_or(usize::MAX),
        idle: raw::required(matches, "idle", parse::duration)?,
        retain: raw::required(matches, "retain", parse::duration_or_never)?,
    })
}

/// The one record that is only to be looked at.
pub fn record(matches: &ArgMatches) -> Result<Option<RecordId>, Problem> {
    let named = |kind| raw::text(matches, kind).map(|text| record_id(kind, text));
    named("audit").or_else(|| named("execution")).transpose()
}

/// A whole number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    parse::count(text, 10 * 365 * 24 * 3600).map(|it| Duration::from_secs(it.unsigned_abs()))
}

/// How conversations are processed.
pub fn process(matches: &ArgMatches) -> Result<process_conversations::Settings, Problem> {
    let number = |id, most| -> Result<usize, Problem> {
        let count = raw::required(matches, id, |text| parse::count(text, most))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    };
    Ok(process_conversations::Settings {
        batch: number("batch", 1_000_000)?,
        concurrency: number("concurrency", 200)?,
        session_timeout: raw::required(matches, "session-timeout", parse::duration)?,
        rollout: raw::rollout(matches)?,
        prices: Arc::new(spending::prices(matches)?),
        budget: spending::budget(matches)?,
        backfill: usize::try_from(raw::required(matches, "backfill", |text| parse::count_or_zero(text, 100_000))?)
            .unwrap_or(usize::MAX),
    })
}

/// The one conversation that is to be processed; none in bulk.
pub fn single(matches: &ArgMatches) -> Result<Option<SingleRequest>, Problem> {
    let id =
        raw::value(matches, "id", |text| text.parse().map_err(|_| "is not a conversation's id, a UUID".to_owned()))?;
    Ok(id.map(|conversation| SingleRequest { conversation, reprocess: raw::is_on(matches, "reprocess") }))
}

/// What is rehearsed, and the longest that a conversation may take.
pub fn rehearsal(matches: &ArgMatches) -> Result<(Rehearsal, Duration), Problem> {
    let rehearsal = raw::value(matches, "rehearse", Rehearsal::parse)?.unwrap_or_default();
    Ok((rehearsal, raw::required(matches, "timeout", parse::duration)?))
}

/// What the demo's are: always offline, whatever keys are set.
pub fn demo_pipeline(defaults: &ArgMatches, store: &Store) -> Result<PipelineContext, Problem> {
    let timeout = raw::required(defaults, "timeout", parse::duration)?;
    pipeline(defaults, store, Providers::local(Rehearsal::default()), timeout)
}

/// The template, and what else the conversations of a run share.
pub fn pipeline(
    matches: &ArgMatches,
    store: &Store,
    providers: Providers,
    timeout: Duration,
) -> Result<PipelineContext, Problem> {
    let table: Vec<_> = STAGES.iter().map(|stage| (stage.name, stage.needs)).collect();
    graph::check(&table).map_err(|error| RunError::Bug(error.to_string()))?;
    let settings = StageSettings {
        duplicate_similarity: raw::required(matches, "duplicate-similarity", parse::similarity)?,
        transcript_budget: StageSettings::TRANSCRIPT_BUDGET,
        drop_unsupported: raw::required(matches, "unsupported-facts", unsupported)?,
        template: template(matches)?,
        conflict: conflict::keeper(matches)?,
        breakup: conflict::breakup(matches)?,
    };
    Ok(PipelineContext {
        store: store.clone(),
        providers: Arc::new(providers),
        settings: Arc::new(settings),
        timeout,
        runtime: None,
    })
}

/// The template: the shipped one, or `prompt.j2` in `--template-dir`, tried out here so that a run never begins with a wrong one.
pub fn template(matches: &ArgMatches) -> Result<PromptTemplate, Problem> {
    let Some(folder) = raw::text(matches, "template-dir") else {
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

/// Whose prompt is to be rendered, and for which platform.
pub fn portrait(matches: &ArgMatches) -> Result<(UserId, Platform), Problem> {
    let user =
        raw::required(matches, "user", |text| text.parse().map_err(|_| "is not a player's id, a UUID".to_owned()))?;
    let platform = raw::required(matches, "platform", |text| {
        let platform = Platform::ALL.into_iter().find(|platform| platform.as_str() == text);
        platform.ok_or_else(|| "is neither text nor voice".to_owned())
    })?;
    Ok((user, platform))
}

/// Refuses a budget that could not be kept, because a model has no price.
pub fn check_budget(settings: &process_conversations::Settings, providers: &Providers) -> Result<(), Problem> {
    let mut remotes = providers.language_model().into_iter().chain(providers.embeddings());
    let unpriced = remotes.find(|remote| settings.prices.cost(&remote.model, 1, 1).is_none());
    match unpriced.filter(|_| settings.budget.is_some()) {
        None => Ok(()),
        Some(remote) => Err(Problem::configuration(format!(
            "NIKITA_BUDGET_USD can't be kept: the model {:?} has no price. Name one in the file of NIKITA_PRICES_FILE, \
             such as {{{:?}: {{\"input\": 0.5, \"output\": 2}}}} in US dollars per million tokens",
            remote.model, remote.model
        ))),
    }
}

/// Whether the pipeline is switched on.
pub fn pipeline_enabled(matches: &ArgMatches) -> Result<bool, Problem> {
    raw::required(matches, "pipeline-enabled", parse::switch)
}
/// Whether facts that the transcript does not show are dropped.
fn unsupported(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "keep" => Ok(false),
        "drop" => Ok(true),
        _ => Err("is neither keep nor drop".to_owned()),
    }
}
