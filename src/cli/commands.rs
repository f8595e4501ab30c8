//! Dispatch: from a command's name to its run.

use std::ops::ControlFlow;

use clap::ArgMatches;
use tokio::runtime::{Handle, Runtime};

use super::args::common::{DRY_RUN, LEASE, NOW};
use super::compose::ByHand;
use super::output::Output;
use super::progress_bar;
use super::raw::Problem;
use super::signals::listen;
use super::{acting, args, compose, database_source, doctor, exec, help, looking, models};
use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::RecordId;
use crate::domain::job::Job;
use crate::domain::result::{MigrateResult, MigrationEntry, Own, SkipReason, Status};
use crate::jobs::demo::{self, Demo};
use crate::jobs::process_conversations::{self, by_id};
use crate::jobs::{decay, migrate as schema, prompt, recover, scan_stuck};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, Plan, Skip, common, interrupted, precheck, run, skipped};
use crate::store::Store;
use crate::store::migrate::Pending;

/// Runs the command.
pub async fn dispatch(name: &str, matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let signals = listen()?;
    let ended = tokio::select! {
        biased;
        // As large as the largest command, so not on the stack.
        ended = Box::pin(command(name, matches, output)) => ended,
        // Ends the command in whatever it waits for.
        () = signals.too_late() => Ok(interrupted(name, &signals)),
    };
    progress_bar::clear();
    let mut ended = ended?;
    if NOW.is_set(matches) {
        ended.result.common.now_overridden = true;
    }
    Ok(ended)
}

async fn command(name: &str, matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    match name {
        "decay" => decay(matches, output).await,
        "process-conversations" => process(matches, output).await,
        "recover" => recover(matches, output).await,
        "prompt" => prompt(matches).await,
        "scan-stuck" => scan_stuck(matches, output).await,
        "health" => looking::health(matches).await,
        "stats" => looking::stats(matches).await,
        "status" => looking::status(matches, *output).await,
        "check" => looking::check(matches).await,
        "exec" => exec::exec(matches, output).await,
        "failures" => acting::failures(matches).await,
        "retry" => acting::retry(matches).await,
        "why" => acting::why(matches).await,
        "report" => looking::report(matches).await,
        "doctor" => doctor::doctor(matches).await,
        "migrate" => migrate(matches, output).await,
        "demo" => demo(matches).await,
        "detect-stuck" | "recover-stuck" => Err(replaced(name)),
        other => Err(Problem::Run(RunError::Bug(format!("the command {other} has no code")))),
    }
}

async fn decay(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::decay(matches)?;
    let plan = compose::plan(matches, *output, Job::Decay, "players")?;
    let signals = listen()?;
    let dry = DRY_RUN.is_on(matches);
    let store = match enter(matches, 3, (!dry).then_some(&plan)).await? {
        ControlFlow::Continue(store) => store,
        ControlFlow::Break(ended) => return Ok(ended),
    };
    let ended = if dry {
        dry_run(&store, plan.job, decay::preview(&settings, &store)).await?
    } else {
        run(&store, &signals, &plan, async |run| decay::work(&settings, run).await).await
    };
    store.close().await;
    Ok(ended)
}

async fn process(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::process(matches)?;
    let plan = compose::plan(matches, *output, Job::ProcessConversations, "conversations")?;
    let enabled = args::process::ENABLED.read(matches)?;
    let single = compose::single(matches)?;
    let (rehearsal, timeout) = compose::rehearsal(matches)?;
    let providers = models::providers(matches, rehearsal)?;
    let signals = listen()?;
    // One for each pipeline, one for the heartbeat, one for claims.
    let connections = u32::try_from(settings.concurrency + 2).unwrap_or(u32::MAX);
    let dry = DRY_RUN.is_on(matches);
    let scheduled = enabled && single.is_none() && !dry;
    let store = match enter(matches, connections, scheduled.then_some(&plan)).await? {
        ControlFlow::Continue(store) => store,
        ControlFlow::Break(ended) => return Ok(ended),
    };
    let mut pipeline = compose::pipeline(matches, &store, providers, timeout)?;
    compose::check_budget(&settings, &pipeline.providers)?;
    let runtime = WorkerRuntime::new(settings.concurrency)?;
    pipeline.runtime = runtime.handle();
    let ended = match single {
        _ if !enabled => {
            let skip = Skip {
                reason: SkipReason::PipelineDisabled,
                blocked_by: None,
                reopens_at: None,
                completed_at: None,
                foreign: false,
            };
            skipped(plan.job, skip, store.now().await?)
        }
        None if dry => dry_run(&store, plan.job, process_conversations::preview(&settings, &store)).await?,
        None => {
            run(&store, &signals, &plan, async |run| process_conversations::work(&settings, &pipeline, run).await).await
        }
        Some(single) if dry => dry_run(&store, plan.job, by_id::preview(&settings, &store, single)).await?,
        Some(single) => {
            // By hand: ignore the window, and run beside other runs.
            let plan = Plan { window: None, overlap: true, ..plan };
            run(&store, &signals, &plan, async |run| by_id::work(&settings, &pipeline, run, single).await).await
        }
    };
    store.close().await;
    Ok(ended)
}

/// Worker threads for conversations. The main thread claims, renews the lease and listens for signals.
struct WorkerRuntime(Option<Runtime>);

impl WorkerRuntime {
    /// No threads for a concurrency of one.
    fn new(concurrency: usize) -> Result<Self, Problem> {
        if concurrency == 1 {
            return Ok(Self(None));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map(|it| Self(Some(it))).map_err(|error| Problem::Run(RunError::Failed(format!("no threads: {error}"))))
    }

    fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for WorkerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime must not block inside another one. By now no task is left to wait for.
            runtime.shutdown_background();
        }
    }
}

/// Opens the database: read-only, or ready for a run; or returns the result of a run that the precheck blocked. Only a run
/// with a plan is prechecked.
async fn enter(
    matches: &ArgMatches,
    connections: u32,
    plan: Option<&Plan>,
) -> Result<ControlFlow<Ended, Store>, Problem> {
    if only_looks(matches) {
        return looking::open(matches).await.map(ControlFlow::Continue);
    }
    let store = compose::connect(matches, connections).await?;
    match plan {
        None => store.make_ready().await?,
        Some(plan) => {
            if let Some(ended) = precheck(&store, plan).await? {
                store.close().await;
                return Ok(ControlFlow::Break(ended));
            }
        }
    }
    Ok(ControlFlow::Continue(store))
}

/// Whether this call of a job writes nothing. Then no database file is created either.
fn only_looks(matches: &ArgMatches) -> bool {
    DRY_RUN.is_on(matches) || args::scan::AUDIT.is_set(matches) || args::scan::EXECUTION.is_set(matches)
}

async fn recover(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::recover(matches)?;
    let by_hand = compose::by_hand(matches)?;
    let plan = compose::plan(matches, *output, Job::Recover, by_hand.unit())?;
    // By hand: ignore the window, and run beside other runs.
    let alone = Plan { window: None, overlap: true, ..plan.clone() };
    let signals = listen()?;
    let dry = DRY_RUN.is_on(matches);
    let scheduled = matches!(by_hand, ByHand::Nothing) && !dry;
    let store = match enter(matches, 3, scheduled.then_some(&plan)).await? {
        ControlFlow::Continue(store) => store,
        ControlFlow::Break(ended) => return Ok(ended),
    };
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
    let store = looking::open(matches).await?;
    let started_at = store.now().await?;
    let own = prompt::render(&store, template, user, platform).await?;
    store.close().await;
    let result = common("prompt", Status::Ok, Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result: looking::at(&store, result), exit: Exit::Success })
}

async fn scan_stuck(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let settings = compose::scan_stuck(matches)?;
    let plan = compose::plan(matches, *output, Job::ScanStuck, "records")?;
    let only = compose::record(matches)?;
    let signals = listen()?;
    let dry = DRY_RUN.is_on(matches);
    let store = match enter(matches, 3, (only.is_none() && !dry).then_some(&plan)).await? {
        ControlFlow::Continue(store) => store,
        ControlFlow::Break(ended) => return Ok(ended),
    };
    let ended = if let Some(id) = only {
        judge_one(&settings, &store, id).await?
    } else if dry {
        dry_run(&store, plan.job, scan_stuck::preview(&settings, &store)).await?
    } else {
        run(&store, &signals, &plan, async |run| scan_stuck::work(&settings, run).await).await
    };
    store.close().await;
    Ok(ended)
}

/// Judges one record, without a run, lease or window.
async fn judge_one(settings: &scan_stuck::Settings, store: &Store, id: RecordId) -> Result<Ended, Problem> {
    let began = clock::start();
    let started_at = store.now().await?;
    let (own, exit) = scan_stuck::query(settings, store, id).await?;
    let result = common("scan-stuck", Status::Ok, exit, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result: looking::at(store, result), exit })
}

fn replaced(name: &str) -> Problem {
    let by = help::REPLACED.iter().find(|(old, _)| *old == name).map_or("recover", |(_, by)| by);
    Problem::Usage(format!("{name} has been replaced: use `nikita-jobs {by}`"))
}

async fn migrate(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let began = clock::start();
    let plan = args::migrate::PLAN.is_on(matches);
    let signals = listen()?;
    let own = compose::database_to_migrate(matches)?;
    let by = own.as_ref().map_or_else(|| database_source::by(matches), |_| "MIGRATION_DATABASE_URL".to_owned());
    let database = match own {
        Some(own) => own,
        None if plan => compose::database_as_it_is(matches)?,
        None => compose::database(matches)?,
    };
    output.note(&format!("database {}, by {by}", database_source::which(&database)));
    let store = if plan {
        let store = Store::look(&database, compose::read_only_timeouts(matches)?, None).await?;
        looking::tell_standby(&store).await?;
        store
    } else {
        // One for the migrations, one for the lease, one to watch their progress and to cancel them.
        let store = Store::connect(&database, compose::unlimited_timeouts(matches)?, 3, None).await?;
        store.require_primary().await?;
        store
    };
    let started_at = store.now().await?;
    let done = if plan { Some(store.plan_migration().await?) } else { schema::work(&store, &signals).await? };
    store.close().await;
    let Some(done) = done else { return Ok(interrupted("migrate", &signals)) };
    let entry = |it: &Pending| MigrationEntry {
        version: it.version,
        name: it.name.to_owned(),
        needs: it.needs,
        sql: plan.then(|| it.sql.to_owned()),
    };
    let migrations = done.migrations.iter().map(entry).collect();
    let own = MigrateResult { dry_run: plan, additions: done.additions, migrations };
    let result = common("migrate", Status::Ok, Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    Ok(Ended { result: looking::at(&store, result), exit: Exit::Success })
}

async fn demo(matches: &ArgMatches) -> Result<Ended, Problem> {
    let path = compose::demo_path(matches)?;
    let (of_decay, of_process) = (args::defaults("decay"), args::defaults("process-conversations"));
    let recover = compose::recover(&args::defaults("recover"))?;
    let process = compose::process(&of_process)?;
    let signals = listen()?;
    let connections = u32::try_from(process.concurrency + 2).unwrap_or(u32::MAX);
    let (store, replaced) = Store::open_demo(&path, connections).await?;
    let pipeline = compose::demo_pipeline(&of_process, &store)?;
    let demo = Demo {
        store: &store,
        path,
        replaced,
        program: compose::program(),
        decay: compose::decay(&of_decay)?,
        // As in the shipped schedule.
        recover: recover::Settings { requeue: true, ..recover },
        scan: compose::scan_stuck(&args::defaults("scan-stuck"))?,
        process,
        pipeline: &pipeline,
        lease: LEASE.read(&of_decay)?,
        signals: &signals,
    };
    let ended = demo::run(&demo).await;
    store.close().await;
    Ok(ended?)
}

/// A job's preview with the common fields of a result.
async fn dry_run(
    store: &Store,
    job: &str,
    preview: impl Future<Output = Result<impl Into<Own>, RunError>>,
) -> Result<Ended, Problem> {
    let began = clock::start();
    let started_at = store.now().await?;
    let own = preview.await?;
    let mut result = common(job, Status::Ok, Exit::Success, None, Some(started_at), clock::millis_since(began), own);
    result.common.dry_run = true;
    Ok(Ended { result: looking::at(store, result), exit: Exit::Success })
}
