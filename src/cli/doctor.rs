//! `doctor`: checks the settings, then the database and the host with [`crate::jobs::doctor`].

use std::path::{self, PathBuf};

use clap::ArgMatches;

use super::args::common::{NOW, TEMPLATE_DIR};
use super::host::secrets as names_of_secrets;
use super::raw::Problem;
use super::{args, compose, env_file, models};
use crate::clock;
use crate::config::secrets;
use crate::core::doctor::{Check, verdict};
use crate::domain::result::DoctorResult;
use crate::jobs::doctor::{self, files, online};
use crate::providers::rehearsal::Rehearsal;
use crate::providers::remote::Remote;
use crate::providers::{EmbeddingModel, LanguageModel, Providers};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, common};

mod sources;
mod variables;

use variables::Variables;

/// The command. Only an invalid command line of its own is an error; everything else is a finding.
pub async fn doctor(matches: &ArgMatches) -> Result<Ended, Problem> {
    let began = clock::start();
    let variables = Variables::read();
    let (models, providers) = models(matches)?;
    // Problems with the choice of models are reported under `models`.
    let is_new = |said: &String| !models.iter().any(|check| said.contains(&check.message));
    let mut checks = sources::settings();
    let wrong: Vec<Check> = variables.wrong.iter().filter(|said| is_new(said)).map(|said| problem(said)).collect();
    if wrong.is_empty() {
        checks.push(Check::ok("settings.variables", "every variable that is set is valid"));
    }
    checks.extend(wrong);
    checks.push(template(matches)?);
    checks.extend(files::judge(&secret_files()));
    checks.extend(models);
    let remote = providers.language_model().or(providers.embeddings());
    checks.extend(remote.and_then(|_| sources::proxy()));
    if args::doctor::ONLINE.is_on(matches) {
        checks.extend(online::ask(&providers).await);
    }
    let settings = doctor::Settings {
        database: own(compose::database_as_it_is(matches))?,
        unnamed: compose::names_no_database(matches),
        timeouts: compose::read_only_timeouts(matches)?,
        now: NOW.find(matches)?,
        root: PathBuf::from(args::doctor::ROOT.text(matches).unwrap_or("/")),
        windows: variables.windows,
        pipeline_enabled: variables.pipeline_enabled,
    };
    checks.extend(sources::database(settings.database.as_ref().ok(), matches));
    let (found, started_at) = doctor::examine(&settings).await;
    checks.extend(found);
    let (status, exit) = verdict(&checks);
    let listed = DoctorResult { checks: checks.into_iter().map(Check::entry).collect() };
    let result = common("doctor", status, exit, None, Some(started_at), clock::millis_since(began), listed);
    Ok(Ended { result, exit })
}

/// Passes a usage error on; any other error becomes a finding.
fn own<T>(found: Result<T, Problem>) -> Result<Result<T, RunError>, Problem> {
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(Problem::Run(error)) => Ok(Err(error)),
        Err(usage @ Problem::Usage(_)) => Err(usage),
    }
}

fn problem(said: &str) -> Check {
    Check::problem(
        "settings.variables",
        said,
        "Correct it, or unset it for the default; docs/reference.md lists the settings",
    )
}

fn template(matches: &ArgMatches) -> Result<Check, Problem> {
    let name = "settings.template";
    Ok(match (own(compose::template(matches))?, TEMPLATE_DIR.text(matches)) {
        (Err(error), _) => Check::failed(name, error.exit(), &error.to_string(), "Correct the template at that place"),
        (Ok(_), Some(folder)) => Check::ok(name, format!("the prompt template in {folder} is valid")),
        (Ok(_), None) => Check::ok(name, "the shipped prompt template"),
    })
}

/// The files with secrets: their own files, and the env files that were read and hold one.
fn secret_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = names_of_secrets().filter_map(secrets::path).collect();
    files.extend(env_file::with_any(&names_of_secrets().collect::<Vec<_>>()));
    files.into_iter().map(|file| path::absolute(&file).unwrap_or(file)).collect()
}

/// Checks which models are chosen and whether their keys are set. Returns the providers as well, local where the choice is invalid.
fn models(matches: &ArgMatches) -> Result<(Vec<Check>, Providers), Problem> {
    let (language, embeddings) = (own(models::language(matches))?, own(models::embeddings(matches))?);
    let mut checks = Vec::new();
    let mut unless =
        |name, error: Option<&RunError>| {
            checks.extend(error.map(|error| {
                Check::failed(name, error.exit(), &error.to_string(), "Correct the setting that it names")
            }));
        };
    unless("models.language", language.as_ref().err());
    unless("models.embeddings", embeddings.as_ref().err());
    let failed = [language.is_err(), embeddings.is_err()];
    let providers = Providers::new(
        language.unwrap_or(LanguageModel::Local),
        embeddings.unwrap_or(EmbeddingModel::Local),
        false,
        Rehearsal::default(),
    );
    if !failed[0] {
        checks.push(chosen("models.language", providers.language_model()));
    }
    if !failed[1] {
        checks.push(chosen("models.embeddings", providers.embeddings()));
    }
    Ok((checks, providers))
}

fn chosen(name: &'static str, remote: Option<&Remote>) -> Check {
    let message = match remote {
        None => "the local one, which needs no key and no network".to_owned(),
        Some(remote) => format!("{} of {remote}; --online sends it a request", remote.model),
    };
    Check::ok(name, message)
}
