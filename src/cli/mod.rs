//! The outermost layer: arguments in, exit code and output out. [`main`] is the whole process; [`compose`] turns arguments into
//! settings, store and providers; [`commands`] starts the job.

use std::env;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::ErrorKind;
use serde_json::json;
use tokio::runtime::Runtime;
use tracing::Instrument;

mod acting;
mod args;
mod commands;
mod complete;
mod compose;
mod database_source;
mod demo_report;
mod doctor;
mod env_file;
mod environment;
mod exec;
mod figures;
mod generate;
mod harmless;
mod help;
mod host;
mod human;
mod last_resort;
mod logging;
mod looking;
mod manual;
mod models;
mod monitors;
mod on_change;
mod output;
mod page;
mod progress_bar;
mod raw;
mod reference;
mod replace_file;
mod signals;
mod stderr;
mod stdout;
mod terminal;
mod trace;

use crate::domain::exit::Exit;
use crate::domain::result::{ErrorBody, ErrorKind as Kind, JobResult};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, failed};
use crate::run::warnings;
use harmless::Harmless;
use monitors::Monitors;
use output::Output;
pub use stdout::see_whether_closed as see_whether_stdout_is_closed;
use trace::Trace;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    last_resort::guarded(whole, |place| {
        let error = RunError::Bug(format!("the process panicked at {place}"));
        Output::from_environment().print_early(&failed_early(None, &error))
    })
}

fn whole() -> ExitCode {
    if let Some(group) = watched() {
        exec::stand_watch(group);
        return ExitCode::SUCCESS;
    }
    let warnings = match environment::load() {
        Ok(warnings) => warnings,
        Err(why) => {
            return Output::from_environment().print_early(&failed_early(None, &RunError::Configuration(why)));
        }
    };
    // The log, which says them too, starts only if the arguments are right.
    for warning in &warnings {
        warnings::note(warning);
    }
    match args::command().try_get_matches_from(asked()) {
        Ok(matches) => generate::print(args::command, &matches).unwrap_or_else(|| run(&matches, &warnings)),
        Err(error) => match args::wrong_variable(&error) {
            Some(why) => {
                let error = RunError::Configuration(why);
                Output::from_environment().print_early(&failed_early(None, &error))
            }
            None => wrong_usage(None, &args::with_usage_as_in_help(error, &asked()), Output::from_environment()),
        },
    }
}

/// The group over which `exec` wants a watch. It reads no setting and no argument of ours, so clap does not know it.
fn watched() -> Option<i32> {
    let mut args = env::args_os().skip(1);
    (args.next()? == exec::WATCH).then(|| args.next()?.to_str()?.parse().ok())?
}

/// The command line, with `help COMMAND` rewritten to `COMMAND --help`.
fn asked() -> Vec<OsString> {
    let mut args: Vec<_> = env::args_os().collect();
    if args.get(1).is_some_and(|first| first == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

fn run(matches: &ArgMatches, warnings: &[String]) -> ExitCode {
    let Some((name, of_command)) = matches.subcommand() else { unreachable!("clap requires a command") };
    let output = match Output::read(of_command) {
        Ok(output) => output,
        Err(problem) => return refuse(name, Output::from_environment(), problem),
    };
    // One thread is enough, because the jobs mostly wait for their database. Conversations get more (`commands::WorkerRuntime`).
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = RunError::Failed(format!("no async runtime: {error}"));
            return output.print_early(&failed_early(Some(name), &error));
        }
    };
    // The demo's conversations fail on purpose, and its report lists them.
    let usual = if name == "demo" { tracing::Level::ERROR } else { tracing::Level::WARN };
    let mut trace = Trace::begin();
    let log = logging::start(usual, output, trace.listener());
    trace.begin_run(name);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let code = match work(&runtime, name, of_command, output, &trace) {
        Ok(ended) => {
            trace.end_run(&ended);
            log.settle(ended.exit);
            runtime.block_on(output.print(&ended))
        }
        Err(problem) => refuse(name, output, problem),
    };
    // Does not wait: one of its threads can be blocked on a reader or a disk. Before `trace.end`, because the tasks it drops can hold a
    // span.
    runtime.shutdown_background();
    // Last, so that the result need not wait for the collector.
    trace.end();
    code
}

/// Runs the command; a panic in it becomes a failed result.
fn work(
    runtime: &Runtime,
    name: &str,
    matches: &ArgMatches,
    output: Output,
    trace: &Trace,
) -> Result<Ended, raw::Problem> {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let monitors = Monitors::begin(name, matches)?;
            let ended = commands::dispatch(name, matches, &output).instrument(trace.span.clone()).await;
            let report = async {
                match &ended {
                    Ok(ended) => monitors.end(ended).await,
                    Err(raw::Problem::Run(error)) => monitors.end(&failed_early(Some(name), error)).await,
                    // A usage error concerns only the person at the terminal.
                    Err(raw::Problem::Usage(_)) => {}
                }
            };
            match signals::listen() {
                // A slow ping address must not delay the end after a signal.
                Ok(signals) => tokio::select! {
                    biased;
                    () = report => {}
                    () = signals.too_late() => {}
                },
                Err(_) => report.await,
            }
            ended
        })
    }));
    let ended = match ended {
        Ok(Err(raw::Problem::Run(error))) => failed(name, &error),
        Ok(ended) => ended?,
        Err(_) => failed(name, &RunError::Bug("the process panicked".to_owned())),
    };
    Ok(match args::health::ON_CHANGE.text(matches) {
        Some(file) => on_change::settle(ended, Path::new(file)),
        None => ended,
    })
}

/// Reports why the command can't start: a usage error with clap's usage line, anything else as a failed result.
fn refuse(name: &str, output: Output, problem: raw::Problem) -> ExitCode {
    match problem {
        raw::Problem::Usage(message) => {
            let mut command = args::command();
            // Only a built command knows its full name, for the usage line.
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
    if !error.use_stderr() {
        return help_or_version(error);
    }
    output::complain_of_usage(error);
    if output.is_json() {
        let said = match error.kind() {
            // Here clap's message is the help, whose first line names no error.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing; --help lists them".to_owned(),
            _ => args::sentence(error),
        };
        let result = refused(name, Exit::Usage, ErrorBody::new(Kind::Usage, said));
        return output.deliver(&result, Exit::Usage.code());
    }
    Exit::Usage.into()
}

/// Prints the help or the version.
fn help_or_version(error: &clap::Error) -> ExitCode {
    let text = if error.kind() == ErrorKind::DisplayVersion && raw::early("--format").is_some_and(|it| it == "json") {
        format!("{}\n", json!({"program": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}))
    } else if output::has_colour(&std::io::stdout()) {
        error.render().ansi().to_string()
    } else {
        error.render().to_string()
    };
    output::print_text(&Harmless::styled(&text))
}

/// The result of a process that failed before its job began.
fn failed_early(name: Option<&str>, error: &RunError) -> Ended {
    Ended { result: refused(name, error.exit(), error.body()), exit: error.exit() }
}

/// The result of a command that is unknown or did not begin.
fn refused(name: Option<&str>, exit: Exit, error: ErrorBody) -> JobResult {
    let mut result = JobResult::failure(name.unwrap_or_default(), exit, error);
    result.common.job = name.map(str::to_owned);
    result
}
