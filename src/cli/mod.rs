//! The edge: arguments in, exit code and output out. [`main`] is the whole process; [`compose`] turns arguments into
//! settings, store and providers; [`commands`] starts the job.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::ErrorKind;
use serde_json::{Map, Value, json};
use tracing::Instrument;

mod args;
mod commands;
mod compose;
mod demo_report;
mod doctor;
mod env_file;
mod figures;
mod help;
mod human;
mod logging;
mod looking;
mod models;
mod monitors;
mod output;
mod page;
mod papers;
mod progress_bar;
mod raw;
mod replace_file;
mod spending;
mod trace;

use crate::domain::exit::Exit;
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, common, failed};
use monitors::Monitors;
use output::Output;
use trace::Trace;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    if let Err(why) = env_file::load() {
        return Output::from_environment().print_early(&failed_early(None, &RunError::Configuration(why)));
    }
    match args::command().try_get_matches() {
        Ok(matches) => papers::print(args::command, &matches).unwrap_or_else(|| run(&matches)),
        Err(error) => wrong_usage(None, &error, Output::from_environment()),
    }
}

fn run(matches: &ArgMatches) -> ExitCode {
    let Some((name, of_command)) = matches.subcommand() else { unreachable!("clap requires a command") };
    let output = match Output::read(of_command) {
        Ok(output) => output,
        Err(problem) => return refuse(name, Output::from_environment(), problem),
    };
    // The demo's conversations fail on purpose, and its report tells of them.
    let usual = if name == "demo" { tracing::Level::ERROR } else { tracing::Level::WARN };
    let mut trace = Trace::begin();
    let log = logging::start(usual, output.verbosity, output.quiet, trace.listener());
    trace.begin_run(name);
    panic::set_hook(Box::new(|info| {
        // The place, and not the payload: that may quote what it choked on.
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        // One thread: the jobs wait for their database. Conversations get more (`commands::Hands`).
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| raw::Problem::Run(RunError::Failed(format!("no async runtime: {error}"))))?;
        runtime.block_on(async {
            let monitors = Monitors::begin(name, of_command)?;
            let ended = commands::dispatch(name, of_command, &output).instrument(trace.span.clone()).await;
            match &ended {
                Ok(ended) => monitors.end(ended).await,
                Err(raw::Problem::Run(error)) => monitors.end(&failed_early(Some(name), error)).await,
                // A wrong command line is for whoever typed it.
                Err(raw::Problem::Usage(_)) => {}
            }
            ended
        })
    }));
    let ended = match ended {
        Ok(Ok(ended)) => Ok(ended),
        Ok(Err(raw::Problem::Run(error))) => Ok(failed(name, &error)),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Ok(failed(name, &RunError::Bug("the process panicked".to_owned()))),
    };
    let code = match ended {
        Ok(ended) => {
            trace.end_run(&ended);
            log.settle(ended.exit);
            output.print(name, &ended)
        }
        Err(problem) => refuse(name, output, problem),
    };
    // Last of all: who waits for the result need not wait for a collector.
    trace.end();
    code
}

/// A setting that is wrong: a usage error where it stood on the command line, a configuration error where it stood in the
/// environment.
fn refuse(name: &str, output: Output, problem: raw::Problem) -> ExitCode {
    match problem {
        raw::Problem::Usage(message) => {
            let mut command = args::command();
            // A built command knows its whole name, for the usage line.
            command.build();
            let of = command.find_subcommand_mut(name);
            let error = of.map_or_else(
                || clap::Error::raw(ErrorKind::ValueValidation, &message),
                |of| of.error(ErrorKind::ValueValidation, &message),
            );
            wrong_usage(Some(name), &error, output)
        }
        raw::Problem::Run(error) => output.print_early(&failed_early(Some(name), &error)),
    }
}

fn wrong_usage(name: Option<&str>, error: &clap::Error, output: Output) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Success.into();
    }
    if output.is_json() {
        let message = error.render().to_string();
        let first = match error.kind() {
            // clap prints the help; its first line is no reason.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing; --help lists them",
            _ => message.lines().next().unwrap_or_default().trim_start_matches("error: "),
        };
        let result = refused(name, Exit::Usage, &json!({"kind": "usage", "message": first}));
        output.write_line(&result.to_string());
    }
    Exit::Usage.into()
}

/// The result of a process that has not come as far as a job.
fn failed_early(name: Option<&str>, error: &RunError) -> Ended {
    Ended { result: refused(name, error.exit(), &error.to_json()), exit: error.exit() }
}

/// The result of a command that is not known, or not begun.
fn refused(name: Option<&str>, exit: Exit, error: &Value) -> Value {
    let own = Map::from_iter([("error".to_owned(), error.clone())]);
    let mut result = common(name.unwrap_or_default(), "error", exit, None, None, 0, own);
    result["job"] = json!(name);
    result
}
