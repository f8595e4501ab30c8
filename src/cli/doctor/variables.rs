//! The jobs' settings in variables: reports every invalid one, not only the first.

use std::time::Duration;

use clap::ArgMatches;

use crate::cli::args::common::{FORCE, NOW};
use crate::cli::args::{self, process};
use crate::cli::output::Output;
use crate::cli::raw::Problem;
use crate::cli::{compose, models, monitors};
use crate::core::prompt::PromptTemplate;
use crate::domain::job::Job;
use crate::providers::rehearsal::Rehearsal;

/// The jobs' settings, as the variables set them.
#[derive(Debug)]
pub struct Variables {
    /// The error of each variable that a job would refuse.
    pub wrong: Vec<String>,
    /// Each job's window: zero if the environment forces every run, none if it is invalid.
    pub windows: Vec<(Job, Option<Duration>)>,
    /// Whether `process-conversations` is enabled.
    pub pipeline_enabled: bool,
}

impl Variables {
    /// Reads them as the jobs would with an empty command line.
    pub fn read() -> Self {
        let mut wrong = Vec::new();
        let mut windows = Vec::new();
        let mut pipeline_enabled = true;
        for job in Job::ALL {
            for said in all_wrong(job) {
                // Jobs share settings, such as the lease.
                if !wrong.contains(&said) {
                    wrong.push(said);
                }
            }
            let matches = args::from_environment(job.as_str(), &[]).ok();
            windows.push((job, matches.as_ref().and_then(|it| window(job, it))));
            if let Some(matches) = matches.filter(|_| job == Job::ProcessConversations) {
                pipeline_enabled = process::ENABLED.read(&matches).unwrap_or(true);
            }
        }
        Self { wrong, windows, pipeline_enabled }
    }
}

/// The error of each invalid variable. A job reports only the first, and its message need not name the variable. Ignoring one variable after
/// the other finds the culprit: the message changes. The next round ignores the culprit, too, and gets the next error.
fn all_wrong(job: Job) -> Vec<String> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    while let Err(said) = refusal(job, &left_out) {
        let culprit =
            args::variables(job.as_str()).into_iter().filter(|(id, _)| !left_out.contains(id)).find(|(id, _)| {
                let without: Vec<_> = left_out.iter().chain([id]).cloned().collect();
                refusal(job, &without).err().as_ref() != Some(&said)
            });
        let Some((id, variable)) = culprit else {
            // The cause is not one of the job's own variables, but for example the file with a key.
            all.push(said);
            break;
        };
        all.push(if said.contains(&variable) { said } else { format!("{variable}: {said}") });
        left_out.push(id);
    }
    all
}

/// The job's error, if the variables in `left_out` were unset.
fn refusal(job: Job, left_out: &[String]) -> Result<(), String> {
    let matches = args::from_environment(job.as_str(), left_out).map_err(|error| args::sentence(&error))?;
    check(job, &matches).map_err(|problem| match problem {
        Problem::Usage(said) => said,
        Problem::Run(error) => error.to_string(),
    })
}

/// Reads all settings as the job does before it begins, except for the database and the template.
fn check(job: Job, matches: &ArgMatches) -> Result<(), Problem> {
    let output = Output::read(matches)?;
    compose::plan(matches, output, job, "items")?;
    compose::timeouts_of_job(matches)?;
    NOW.find(matches)?;
    monitors::check(job, matches)?;
    match job {
        Job::Decay => compose::decay(matches).map(drop),
        Job::Recover => compose::recover(matches).map(drop),
        Job::ScanStuck => compose::scan_stuck(matches).map(drop),
        Job::ProcessConversations => {
            let settings = compose::process(matches)?;
            process::ENABLED.read(matches)?;
            compose::single(matches)?;
            compose::rehearsal(matches)?;
            // The template is a check of its own.
            let shipped = PromptTemplate::shipped().map_err(|error| Problem::configuration(error.to_string()))?;
            compose::stage_settings(matches, shipped)?;
            let providers = models::providers(matches, Rehearsal::default())?;
            compose::check_budget(&settings, &providers)
        }
    }
}

fn window(job: Job, matches: &ArgMatches) -> Option<Duration> {
    if FORCE.is_on(matches) { Some(Duration::ZERO) } else { compose::window(matches, job).ok() }
}
