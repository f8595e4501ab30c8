//! `exec`: runs another program's command as a job.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use clap::ArgMatches;

use super::args::common::{FORCE, LEASE};
use super::harmless::Harmless;
use super::output::Output;
use super::raw::Problem;
use super::signals::listen;
use super::{args, compose, stderr};
use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::AuditId;
use crate::jobs::exec::{self, Settings, Sink};
pub use crate::jobs::exec::{WATCH, stand_watch};
use crate::run::lifecycle::{Ended, Plan, precheck, run};

/// How many lines `-q` holds back; beyond that the oldest are dropped.
const MOST_HELD: usize = 1_000;

type Held = Arc<Mutex<VecDeque<String>>>;

/// The command.
pub async fn exec(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let name = args::exec::JOB.read(matches)?;
    let window = args::exec::WINDOW.read(matches)?;
    let held = Held::default();
    let settings = Settings {
        command: args::exec::called(matches),
        timeout: args::exec::TIMEOUT.find(matches)?,
        grace: args::exec::GRACE.read(matches)?,
        pass_stdout: args::exec::PASS_STDOUT.is_on(matches),
        audit: args::exec::AUDIT.find(matches)?.map(|kind| (AuditId(clock::new_id()), kind)),
        lease: LEASE.read(matches)?,
        sink: sink(output.quiet.then(|| Arc::clone(&held))),
    };
    let plan = Plan {
        execution: None,
        grace: settings.grace,
        // Leaked once: a process runs one job.
        job: Box::leak(name.into_boxed_str()),
        unit: "lines",
        overlap: false,
        lease: settings.lease,
        window: (!FORCE.is_on(matches) && !window.is_zero()).then_some(window),
        watch: None,
    };
    let signals = listen()?;
    let store = compose::connect(matches, 3).await?;
    if let Some(ended) = precheck(&store, &plan).await? {
        store.close().await;
        return Ok(ended);
    }
    let ended = run(&store, &signals, &plan, async |run| exec::work(&settings, run).await).await;
    store.close().await;
    if !matches!(ended.exit, Exit::Success | Exit::Skipped) {
        for line in held.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            stderr::write(&Harmless::text(&line).ended());
        }
    }
    Ok(ended)
}

/// Where the lines go: to stderr at once, or, with `-q`, into the buffer.
fn sink(held: Option<Held>) -> Sink {
    match held {
        None => Arc::new(|line| stderr::write(&Harmless::text(line).ended())),
        Some(held) => Arc::new(move |line| {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.len() == MOST_HELD {
                held.pop_front();
            }
            held.push_back(line.to_owned());
        }),
    }
}
