//! The command line of `demo`.

use clap::Command;

use super::common::without_database;
use super::setting::{Typed, setting, text};
use crate::cli::help;

/// The SQLite file to build.
pub const PATH: Typed<String> = text(setting(
    "path",
    "NIKITA_DEMO_PATH",
    "PATH",
    None,
    "Where to build it [default: demo.sqlite in the state folder]",
));

pub(super) fn command() -> Command {
    let command = Command::new("demo").about("Build a sample SQLite database and run the jobs on it; needs no setup");
    without_database(command.arg(PATH.setting.arg())).after_help(help::DEMO)
}
