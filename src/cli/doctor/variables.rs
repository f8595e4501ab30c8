//! The jobs' settings as they stand in variables: all that are wrong, not only the first.

use std::time::Duration;

use clap::ArgMatches;

use crate::cli::args::common::{FORCE, NOW};
use crate::cli::args::{self, process};
use crate::cli::output::Output;
use crate::cli::raw::Problem;
use crate::cli::{compose, models, monitors};
use crate::core::doctor::SHIPPED;
use crate::providers::rehearsal::Rehearsal;

/// What the variables say.
#[derive(Debug)]
pub struct Variables {
    /// A sentence for each that a job would refuse.
    pub wrong: Vec<String>,
    /// Each job's window, zero where it is always forced; none where it is wrong.
    pub windows: Vec<(&'static str, Option<Duration>)>,
    /// Whether `process-conversations` does anything.
    pub pipeline_enabled: bool,
}

impl Variables {
    /// Reads them as the four jobs would, without a command line.
    pub fn read() -> Self {
        let mut wrong = Vec::new();
        let mut windows = Vec::new();
        let mut pipeline_enabled = true;
        for (job, _) in SHIPPED {
            for said in all_wrong(job) {
                // Jobs share settings, such as the lease.
                if !wrong.contains(&said) {
                    wrong.push(said);
                }
            }
            let matches = args::from_environment(job, &[]).ok();
            windows.push((job, matches.as_ref().and_then(|it| window(job, it))));
            if let Some(matches) = matches.filter(|_| job == "process-conversations") {
                pipeline_enabled = process::ENABLED.read(&matches).unwrap_or(true);
            }
        }
        Self { wrong, windows, pipeline_enabled }
    }
}

/// A job tells of the first setting that is wrong. Which one that is, is found out by leaving out one after the other; without
/// it, the next is told of.
fn all_wrong(job: &'static str) -> Vec<String> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    while let Err(said) = refusal(job, &left_out) {
        let culprit = args::variables(job).into_iter().filter(|(id, _)| !left_out.contains(id)).find(|(id, _)| {
            let without: Vec<_> = left_out.iter().chain([id]).cloned().collect();
            refusal(job, &without).err().as_ref() != Some(&said)
        });
        let Some((id, variable)) = culprit else {
            // It is no variable of the job's, such as a key's file.
            all.push(said);
            break;
        };
        all.push(if said.contains(&variable) { said } else { format!("{variable}: {said}") });
        left_out.push(id);
    }
    all
}

/// What the job would say, without the variables of `left_out`.
fn refusal(job: &'static str, left_out: &[String]) -> Result<(), String> {
    let matches = args::from_environment(job, left_out).map_err(|error| {
        // What follows an empty line is how to call it.
        let said: Vec<_> = error
            .to_string()
            .lines()
            .map_while(|line| Some(line.trim().to_owned()).filter(|it| !it.is_empty()))
            .collect();
        said.join(" ").trim_start_matches("error: ").to_owned()
    })?;
    check(job, &matches).map_err(|problem| match problem {
        Problem::Usage(said) => said,
        Problem::Run(error) => error.to_string(),
    })
}

/// All that a job does with its settings before it begins, but for the database and the template.
fn check(job: &'static str, matches: &ArgMatches) -> Result<(), Problem> {
    let output = Output::read(matches)?;
    compose::plan(matches, output, job, "items")?;
    compose::terms_of_job(matches)?;
    NOW.find(matches)?;
    monitors::check(job, matches)?;
    match job {
        "decay" => compose::decay(matches).map(drop),
        "recover" => compose::recover(matches).map(drop),
        "scan-stuck" => compose::scan_stuck(matches).map(drop),
        _ => {
            let settings = compose::process(matches)?;
            process::ENABLED.read(matches)?;
            compose::single(matches)?;
            compose::rehearsal(matches)?;
            process::DUPLICATE_SIMILARITY.read(matches)?;
            process::CONFLICT.read(matches)?;
            process::BREAKUP.read(matches)?;
            let providers = models::providers(matches, Rehearsal::default())?;
            compose::check_budget(&settings, &providers)
        }
    }
}

fn window(job: &str, matches: &ArgMatches) -> Option<Duration> {
    if FORCE.is_on(matches) { Some(Duration::ZERO) } else { compose::window(matches, job).ok() }
}
