//! The command line, as clap sees it. To clap every value is text; each argument's own parser reads it afterwards, because an invalid value
//! is a usage error on the command line and a configuration error in a variable.

use std::env;
use std::ffi::OsString;

use clap::builder::{OsStr, Resettable};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{generate, help};

pub mod check;
pub mod common;
pub mod decay;
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod failures;
pub mod health;
pub mod migrate;
pub mod models;
pub mod monitors;
pub mod process;
pub mod prompt;
pub mod recover;
pub mod report;
pub mod retry;
pub mod scan;
pub mod setting;
pub mod stats;
pub mod status;
pub mod why;

/// The whole command line. Arguments are deferred: clap builds only those of the command that is called.
pub fn command() -> Command {
    Command::new("nikita-jobs")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the background jobs of Nikita, a companion game")
        .after_help(help::overview())
        .after_long_help(help::overview())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands([decay::command(), process::command(), recover::command(), prompt::command(), scan::command()])
        .subcommands([exec::command(), health::command(), stats::command(), status::command(), failures::command()])
        .subcommands([retry::command(), why::command(), report::command(), check::command(), doctor::command()])
        .subcommands(help::REPLACED.map(|(name, _)| replaced(name)))
        .subcommands([migrate::command(), demo::command()])
        .subcommands(generate::commands())
}

/// A command name of an earlier system. It accepts any arguments, so that the error can name its replacement.
fn replaced(name: &'static str) -> Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true);
    Command::new(name).about("Replaced by recover").hide(true).arg(rest)
}

/// A command's default arguments, without command line and environment. The demo runs its jobs with them.
pub fn defaults(name: &'static str) -> ArgMatches {
    of(name).mut_args(|arg| arg.env(Resettable::<OsStr>::Reset)).get_matches_from([name])
}

/// A command's arguments as the environment alone sets them, ignoring the variables of the arguments in `left_out`.
pub fn from_environment(name: &'static str, left_out: &[String]) -> Result<ArgMatches, clap::Error> {
    let reset =
        |arg: Arg| if left_out.iter().any(|id| arg.get_id() == id) { arg.env(Resettable::<OsStr>::Reset) } else { arg };
    of(name).mut_args(reset).try_get_matches_from([name])
}

/// A command's arguments that a variable can set: id and variable.
pub fn variables(name: &'static str) -> Vec<(String, String)> {
    let variable = |arg: &Arg| Some((arg.get_id().to_string(), arg.get_env()?.to_string_lossy().into_owned()));
    of(name).get_arguments().filter_map(variable).collect()
}

/// Every variable that any command reads.
pub fn all_variables() -> Vec<String> {
    let mut whole = command();
    whole.build();
    let variables = whole.get_subcommands().flat_map(Command::get_arguments).filter_map(Arg::get_env);
    variables.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// clap's message in one line: its usage follows behind an empty line.
pub fn sentence(error: &clap::Error) -> String {
    let message = error.render().to_string();
    let said: Vec<_> = message.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

/// What is wrong with one of our variables, if that is why clap rejected the command line: the variable is not UTF-8, or it sets a
/// switch to a value that a switch does not accept.
pub fn wrong_variable(error: &clap::Error) -> Option<String> {
    let mut whole = command();
    whole.build();
    let mut variables = whole.get_subcommands().flat_map(Command::get_arguments).filter_map(|arg| {
        let name = arg.get_env()?;
        Some((arg, name.to_string_lossy().into_owned(), env::var_os(name)?))
    });
    if error.kind() == ErrorKind::InvalidUtf8 {
        let (_, name, _) = variables.find(|(_, _, value)| value.to_str().is_none())?;
        return Some(format!("{name} is not UTF-8 text"));
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let (arg, name, value) = variables.find(|(arg, _, value)| {
        let of_flag = arg.get_long().is_some_and(|long| flag.trim_end_matches("...") == format!("--{long}"));
        of_flag && !arg.get_action().takes_values() && !value.is_empty()
    })?;
    let why =
        if matches!(arg.get_action(), ArgAction::Count) { "is not a number from 0 to 255" } else { setting::NO_SWITCH };
    Some(format!("{name}={:?} {why}", value.to_string_lossy()))
}

/// clap's error with the plain usage of the typed command. clap's own usage line also lists every argument that a variable sets, as if
/// that flag were required.
pub fn with_usage_as_in_help(mut error: clap::Error, typed: &[OsString]) -> clap::Error {
    if error.get(ContextKind::Usage).is_some() {
        let mut whole = command();
        whole.build();
        let named = typed.get(1).and_then(|name| name.to_str()).and_then(|name| whole.find_subcommand_mut(name));
        let usage = named.map(Command::render_usage);
        let usage = usage.unwrap_or_else(|| whole.render_usage());
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

fn of(name: &'static str) -> Command {
    let mut command = command();
    // Arguments are deferred until the command is built.
    command.build();
    command.find_subcommand(name).cloned().unwrap_or_else(|| Command::new(name))
}
