//! The command line of `prompt render`.

use clap::{Arg, Command};

use super::{Setting, TEMPLATE_DIR, argument, common, own, setting};
use crate::cli::help;

pub(super) const SETTINGS: [Setting; 2] = [
    setting("user", "NIKITA_USER", "ID", None, "Whose prompt"),
    setting("platform", "NIKITA_PLATFORM", "text|voice", Some("text"), "For which platform"),
];

pub(super) fn command() -> Command {
    Command::new("prompt")
        .about("Print the prompt that a player's next conversation would begin with, and store nothing")
        .defer(arguments)
}

fn arguments(command: Command) -> Command {
    let action = Arg::new("action").value_name("render").help("The one thing to do with a prompt").required(true);
    let command = command.arg(action.value_parser(["render"]).hide_possible_values(true));
    common(own(command, &SETTINGS).arg(argument(&TEMPLATE_DIR))).after_help(help::PROMPT)
}
