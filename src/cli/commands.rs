//! From a command's name to its run.

use clap::ArgMatches;
use serde_json::{Map, Value, json};

use super::compose::ByHand;
use super::output::Output;
use super::progress_bar;
use super::raw::{self, Problem};
use super::{args, compose, help, looking, models};
use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::RecordId;
use crate::jobs::demo::{self, Demo};
use crate::jobs::process_conversations::{self, by_id};
use crate::jobs::{decay, prompt, recover, scan_stuck};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, Plan, Skip, common, run, skipped};
use crate::run::signals::Signals;
use crate::store::Store;

/// Does what the command says.
pub async fn dispatch(name: &str, matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let ended = match name {
        "decay" => decay(matches, output).await,
        "process-conversations" => process(matches, output).await,
        "recover" => recover(matches, output).await,
        "prompt" => prompt(matches).await,
        "scan-stuck" => scan_stuck(matches, output).await,
        "health" => looking::health(matches).await,
        "stats" => looking::stats(matches).await,
        "status" => looking::status(matches, *output).await,
        "report" => looking::report(matches).await,
        "migrate" => migrate(matches).await,
        "demo" => demo(matches).await,
        "detect-stuck" | "recover-stuck" => Err(replaced(name)),
        other => Err(Problem::Run(RunError::Bug(format!("the command {other} has no code")))),
    };
    progress_bar::clear();
    ended
}

async fn decay(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::decay(matches)?;
    let plan = compose::plan(matches, *output, "decay", "players")?;
    let signals = listen()?;
    let store = compose::store(matches, 3).await?;
    let ended = if raw::is_on(matches, "dry-run") {
        dry_run(&store, plan.job, decay::preview(&settings, &store)).await?
    } else {
        run(&store, &signals, &plan, async |run| decay::work(&settings, run).await).await
    };
    store.close().await;
    Ok(ended)
}

async fn process(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::process(matches)?;
    let plan = compose::plan(matches, *output, "process-conversations", "conversations")?;
    let enabled = compose::pipeline_enabled(matches)?;
    let wish = compose::wish(matches)?;
    let (rehearsal, timeout) = compose::rehearsal(matches)?;
    let providers = models::providers(matches, rehearsal)?;
    let signals = listen()?;
    // One for each pipeline, one for the heartbeat, one to claim with.
    let connections = u32::try_from(settings.concurrency + 2).unwrap_or(u32::MAX);
    let store = compose::store(matches, connections).await?;
    let workshop = compose::workshop(matches, &store, providers, timeout)?;
    compose::check_budget(&settings, &workshop)?;
    let dry = raw::is_on(matches, "dry-run");
    let ended = match wish {
        _ if !enabled => {
            let skip = Skip { reason: "pipeline_disabled", blocked_by: None, reopens_at: None, completed_at: None };
            skipped(plan.job, skip, store.now().await?)
        }
        None if dry => dry_run(&store, plan.job, process_conversations::preview(&settings, &store)).await?,
        None => {
            run(&store, &signals, &plan, async |run| process_conversations::work(&settings, &workshop, run).await).await
        }
        Some(wish) if dry => dry_run(&store, plan.job, by_id::preview(&settings, &store, wish)).await?,
        Some(wish) => {
            // An operator waits for nobody: no window, and beside any other run.
            let plan = Plan { window: None, overlap: true, ..plan };
            run(&store, &signals, &plan, async |run| by_id::work(&settings, &workshop, run, wish).await).await
        }
    };
    store.close().await;
    Ok(ended)
}

async fn recover(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::recover(matches)?;
    let by_hand = compose::by_hand(matches)?;
    let plan = compose::plan(matches, *output, "recover", by_hand.unit())?;
    // An operator waits for nobody: no window, and beside any other run.
    let alone = Plan { window: None, overlap: true, ..plan.clone() };
    let signals = listen()?;
    let store = compose::store(matches, 3).await?;
    let dry = raw::is_on(matches, "dry-run");
    let ended = match by_hand {
        ByHand::Nothing if dry => dry_run(&store, plan.job, recover::preview(&settings, &[], &store)).await?,
        ByHand::Nothing => run(&store, &signals, &plan, async |run| recover::work(&settings, run).await).await,
        ByHand::Conversations(ids) if dry => {
            dry_run(&store, plan.job, recover::preview(&settings, &ids, &store)).await?
        }
        ByHand::Conversations(ids) => {
            run(&store, &signals, &alone, async |run| recover::by_hand(&settings, run, &ids).await).await
        }
        ByHand::Records(ids) if dry => dry_run(&store, plan.job, recover::records::preview(&store, &ids)).await?,
        ByHand::Records(ids) => {
            run(&store, &signals, &alone, async |run| recover::records::work(run, &ids).await).await
        }
    };
    store.close().await;
    Ok(ended)
}

async fn prompt(matches: &ArgMatches) -> Result<Ended, Problem> {
    let began = clock::start();
    let (user, platform) = compose::portrait(matches)?;
    let template = compose::template(matches)?;
    // Only looked at: nothing is made, migrated or stored.
    let store = Store::look(&compose::database_as_it_is(matches)?, None).await?;
    store.check_schema().await?;
    let started_at = store.now().await?;
    let own = prompt::render(&store, template, user, platform).await?;
    store.close().await;
    let result = common("prompt", "ok", Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result, exit: Exit::Success })
}

async fn scan_stuck(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::scan_stuck(matches)?;
    let plan = compose::plan(matches, *output, "scan-stuck", "records")?;
    let only = compose::record(matches)?;
    let signals = listen()?;
    let store = compose::store(matches, 3).await?;
    let ended = if let Some(id) = only {
        judge_one(&settings, &store, id).await?
    } else if raw::is_on(matches, "dry-run") {
        dry_run(&store, plan.job, scan_stuck::preview(&settings, &store)).await?
    } else {
        run(&store, &signals, &plan, async |run| scan_stuck::work(&settings, run).await).await
    };
    store.close().await;
    Ok(ended)
}

/// The look at one record: no run, no lease, no window.
async fn judge_one(settings: &scan_stuck::Settings, store: &Store, id: RecordId) -> Result<Ended, Problem> {
    let began = clock::start();
    let started_at = store.now().await?;
    let (own, exit) = scan_stuck::look(settings, store, id).await?;
    let result = common("scan-stuck", "ok", exit, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result, exit })
}

fn replaced(name: &str) -> Problem {
    let by = help::REPLACED.iter().find(|(old, _)| *old == name).map_or("recover", |(_, by)| by);
    Problem::Usage(format!("{name} has been replaced: use `nikita-jobs {by}`"))
}

async fn migrate(matches: &ArgMatches) -> Result<Ended, Problem> {
    let began = clock::start();
    let plan = raw::is_on(matches, "plan");
    let own = compose::database_to_migrate(matches)?;
    let store = if plan {
        Store::look(&own.map_or_else(|| compose::database_as_it_is(matches), Ok)?, None).await?
    } else {
        Store::connect(&own.map_or_else(|| compose::database(matches), Ok)?, 1, None).await?
    };
    let started_at = store.now().await?;
    let migrations = if plan { store.pending_migrations().await? } else { store.migrate().await? };
    store.close().await;
    let listed: Vec<_> = migrations
        .iter()
        .map(|it| {
            if plan {
                json!({"version": it.version, "name": it.name, "sql": it.sql})
            } else {
                json!({"version": it.version, "name": it.name})
            }
        })
        .collect();
    let own = Map::from_iter([("dry_run".to_owned(), json!(plan)), ("migrations".to_owned(), json!(listed))]);
    let result = common("migrate", "ok", Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result, exit: Exit::Success })
}

async fn demo(matches: &ArgMatches) -> Result<Ended, Problem> {
    let path = compose::demo_path(matches)?;
    let (of_decay, of_process) = (args::defaults("decay"), args::defaults("process-conversations"));
    let recover = compose::recover(&args::defaults("recover"))?;
    let process = compose::process(&of_process)?;
    let signals = listen()?;
    let connections = u32::try_from(process.concurrency + 2).unwrap_or(u32::MAX);
    let (store, replaced) = Store::open_demo(&path, connections).await?;
    let workshop = compose::demo_workshop(&of_process, &store)?;
    let demo = Demo {
        store: &store,
        path,
        replaced,
        program: compose::program(),
        decay: compose::decay(&of_decay)?,
        // As the shipped schedule does it.
        recover: recover::Settings { requeue: true, ..recover },
        scan: compose::scan_stuck(&args::defaults("scan-stuck"))?,
        process,
        workshop: &workshop,
        lease: compose::lease(&of_decay)?,
        signals: &signals,
    };
    let ended = demo::run(&demo).await;
    store.close().await;
    Ok(ended?)
}

/// The common fields around what a job would do.
async fn dry_run(
    store: &Store,
    job: &str,
    preview: impl Future<Output = Result<Map<String, Value>, RunError>>,
) -> Result<Ended, Problem> {
    let began = clock::start();
    let started_at = store.now().await?;
    let mut own = preview.await?;
    own.insert("dry_run".to_owned(), json!(true));
    let result = common(job, "ok", Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result, exit: Exit::Success })
}

pub(super) fn listen() -> Result<Signals, Problem> {
    Signals::listen().map_err(|error| Problem::Run(RunError::Failed(format!("no signal handlers: {error}"))))
}
