//! The command line of `retry`.

use clap::Command;

use super::common::{DRY_RUN, look};
use super::failures::{Choice, stage};
use super::setting::{Positional, Switch, Typed, setting, text};
use crate::cli::help;
use crate::config::parse;

/// Filters for `--failed`.
pub const CHOICE: Choice = Choice {
    since: Typed::new(
        setting("since", "NIKITA_RETRY_SINCE", "DUR", None, "With --failed: only failures within this time"),
        parse::duration,
    ),
    error: text(setting(
        "error",
        "NIKITA_RETRY_ERROR",
        "TEXT",
        None,
        "With --failed: only errors that contain this text",
    )),
    stage: Typed::new(
        setting("stage", "NIKITA_RETRY_STAGE", "STAGE", None, "With --failed: only failures of this stage"),
        stage,
    ),
};
pub const IDS: Positional = Positional::new("ids", "ID", "The conversations' ids");
/// All failed conversations, in place of ids. Ids on the command line win over its variable.
pub const FAILED: Switch =
    Switch::new("failed", "NIKITA_RETRY_FAILED", "Retry all failed conversations, in place of ids");

pub(super) fn command() -> Command {
    Command::new("retry").about("Make failed conversations active again, with all their attempts").defer(arguments)
}

fn arguments(command: Command) -> Command {
    look(command, &CHOICE.settings())
        .arg(IDS.arg().num_args(1..))
        .arg(FAILED.arg())
        .arg(DRY_RUN.arg().short('n').help("List the conversations that would be retried; write nothing"))
        .after_help(help::RETRY)
}
