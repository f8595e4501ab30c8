//! The command line, as clap sees it. Values stay text to clap, and each argument's own parser reads them, because what is wrong with them is a
//! usage error or a configuration error by where they came from.

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

/// The whole command line. A command's own arguments are deferred: only those of the one that is called are made.
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

/// A name of an earlier system: it takes whatever arguments that took, to say what has replaced it.
fn replaced(name: &'static str) -> Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true);
    Command::new(name).about("Replaced by recover").hide(true).arg(rest)
}

/// A command's arguments where neither the command line nor the environment sets any: what the demo runs it with.
pub fn defaults(name: &'static str) -> ArgMatches {
    of(name).mut_args(|arg| arg.env(Resettable::<OsStr>::Reset)).get_matches_from([name])
}

/// A command's arguments as the environment alone sets them, without the variables of those in `left_out`.
pub fn from_environment(name: &'static str, left_out: &[String]) -> Result<ArgMatches, clap::Error> {
    let reset =
        |arg: Arg| if left_out.iter().any(|id| arg.get_id() == id) { arg.env(Resettable::<OsStr>::Reset) } else { arg };
    of(name).mut_args(reset).try_get_matches_from([name])
}

/// The arguments of a command that a variable can set: id and variable.
pub fn variables(name: &'static str) -> Vec<(String, String)> {
    let variable = |arg: &Arg| Some((arg.get_id().to_string(), arg.get_env()?.to_string_lossy().into_owned()));
    of(name).get_arguments().filter_map(variable).collect()
}

/// Every variable that a command reads.
pub fn all_variables() -> Vec<String> {
    let mut whole = command();
    whole.build();
    let variables = whole.get_subcommands().flat_map(Command::get_arguments).filter_map(Arg::get_env);
    variables.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// What is wrong with a variable of ours, where that is why clap refuses the command line: it holds no text, or a switch, to which a
/// command line gives no value, holds none that it takes.
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

/// clap's error with the usage of the command that was typed, and nothing more: clap lists what is set there, too, and so names variables
/// of the environment as flags that one has to give.
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
    // Without this its arguments are not there yet.
    command.build();
    command.find_subcommand(name).cloned().unwrap_or_else(|| Command::new(name))
}
