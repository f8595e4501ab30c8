//! Shell completions: the command line without its hidden parts, and with the values that each flag accepts.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use crate::core::stages::STAGES;
use crate::domain::job::Job;

/// The states that `status --state` knows.
const STATES: [&str; 3] = ["running", "completed", "failed"];

/// The completion script for a shell.
pub fn script(command: &Command, shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    let mut whole = command.clone();
    // A command's own arguments are made when it is built.
    whole.build();
    let mut shown = visible(&whole);
    clap_complete::generate(shell, &mut shown, command.get_name(), &mut text);
    // clap_complete 4.6 treats the hyphen in a program's name as a subcommand in some places, so that bash would complete nothing.
    String::from_utf8_lossy(&text).replace("nikita__subcmd__jobs", "nikita__jobs").into_bytes()
}

/// A copy without hidden commands and arguments, which a shell would offer all the same.
fn visible(command: &Command) -> Command {
    // clap adds these two itself.
    let own = |arg: &&Arg| !["help", "version"].contains(&arg.get_id().as_str());
    let args = command.get_arguments().filter(own).filter(|arg| !arg.is_hide_set()).map(|arg| with_values(arg.clone()));
    let commands = command.get_subcommands().filter(|it| !it.is_hide_set()).map(visible);
    let about = command.get_about().cloned().unwrap_or_default();
    let shown = Command::new(kept(command.get_name())).about(about).args(args).subcommands(commands);
    // We have our own `help` command.
    let shown = shown.disable_help_subcommand(true);
    match command.get_version() {
        Some(version) => shown.version(kept(version)),
        None => shown,
    }
}

/// Leaks a name, because clap needs `'static` ones. The process ends when the script is printed.
fn kept(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// Adds the possible values: from the value's name, as in `--format <human|json>`, or from the list that the name stands for. A flag
/// without a hint would be completed with file names.
fn with_values(arg: Arg) -> Arg {
    // With values for a positional argument, zsh lists flags instead of completing them.
    if arg.is_positional() || !arg.get_action().takes_values() || !arg.get_possible_values().is_empty() {
        return arg;
    }
    let name = arg.get_value_names().and_then(<[_]>::first).map(ToString::to_string).unwrap_or_default();
    let values: Vec<&str> = match name.as_str() {
        "STAGE" => STAGES.iter().map(|stage| stage.name.as_str()).collect(),
        "JOB" => Job::ALL.map(Job::as_str).to_vec(),
        "STATE" => STATES.to_vec(),
        several if several.contains('|') => several.split('|').map(kept).collect(),
        _ => Vec::new(),
    };
    if !values.is_empty() {
        return arg.value_parser(PossibleValuesParser::new(values));
    }
    let hint = match (arg.get_value_hint(), name.as_str()) {
        (ValueHint::Unknown, "PATH" | "FILE") => ValueHint::FilePath,
        (ValueHint::Unknown, "DIR") => ValueHint::DirPath,
        (ValueHint::Unknown, _) => ValueHint::Other,
        (known, _) => known,
    };
    arg.value_hint(hint)
}
