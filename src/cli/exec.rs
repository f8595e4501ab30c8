//! `exec`: a command of somebody else, as a job.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};

use clap::ArgMatches;

use super::commands::listen;
use super::harmless::Harmless;
use super::output::Output;
use super::raw::{self, Problem};
use super::{compose, stderr};
use crate::clock;
use crate::config::parse;
use crate::domain::exit::Exit;
use crate::domain::ids::AuditId;
use crate::jobs::exec::{self, Settings, Sink};
use crate::jobs::status::JOBS;
use crate::run::lifecycle::{Ended, Plan, precheck, run};

/// How many lines are held back with `-q`; the newest stay.
const MOST_HELD: usize = 1_000;

type Held = Arc<Mutex<VecDeque<String>>>;

/// The command.
pub async fn exec(matches: &ArgMatches, output: &Output) -> Result<Ended, Problem> {
    let name = raw::required(matches, "job", job_name)?;
    let window = raw::required(matches, "window", parse::duration_or_zero)?;
    let held = Held::default();
    let settings = Settings {
        command: matches.get_many::<OsString>("command").into_iter().flatten().cloned().collect(),
        timeout: raw::value(matches, "timeout", parse::duration)?,
        grace: raw::required(matches, "grace", parse::duration)?,
        pass_stdout: raw::is_on(matches, "pass-stdout"),
        audit: raw::text(matches, "audit").map(|kind| (AuditId(clock::new_id()), kind.to_owned())),
        lease: compose::lease(matches)?,
        sink: sink(output.quiet.then(|| Arc::clone(&held))),
    };
    let plan = Plan {
        execution: None,
        grace: settings.grace,
        // A process runs one job, so that its name may stay for as long as the process does.
        job: Box::leak(name.into_boxed_str()),
        unit: "lines",
        overlap: false,
        lease: settings.lease,
        window: (!raw::is_on(matches, "force") && !window.is_zero()).then_some(window),
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

/// Where the lines go: to stderr at once, or into the keeping of `-q`.
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

/// A name that needs no quoting anywhere, and is no job of ours: that one has its own command.
fn job_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if text.is_empty() || text.len() > 63 || !text.chars().all(plain) {
        return Err("must be up to 63 of a-z, 0-9, '-', '_' and '.'".to_owned());
    }
    if JOBS.contains(&text) || text == "migrate" {
        return Err("is a job of this program; name another".to_owned());
    }
    Ok(text.to_owned())
}
