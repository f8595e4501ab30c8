//! The command line of `migrate`.

use clap::Command;

use super::common::common;
use super::setting::Switch;
use crate::cli::help;

/// Whether the SQL is only printed.
pub const PLAN: Switch = Switch::new("plan", "NIKITA_MIGRATE_PLAN", "Print the SQL that would run, and change nothing");

pub(super) fn command() -> Command {
    common(Command::new("migrate")).about("Bring the schema up to date").arg(PLAN.arg()).after_help(help::MIGRATE)
}
