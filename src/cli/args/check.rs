//! The command line of `check`.

use std::time::Duration;

use clap::Command;

use super::common::look;
use super::setting::{Typed, setting};
use crate::cli::help;
use crate::config::parse;

pub const SINCE: Typed<Duration> = Typed::new(
    setting(
        "since",
        "NIKITA_CHECK_SINCE",
        "DUR",
        None,
        "Check only rows that changed within this time [default: all rows]",
    ),
    parse::duration,
);
pub const ROWS: Typed<i64> = Typed::new(
    setting("rows", "NIKITA_CHECK_ROWS", "N", Some("100"), "List at most N rows for each promise"),
    |text| parse::count(text, 1_000_000),
);

pub(super) fn command() -> Command {
    Command::new("check")
        .about("Check every promise of docs/reliability.md against the database, and list the rows that break one")
        .defer(|it| look(it, &[SINCE.setting, ROWS.setting]).after_help(help::CHECK))
}
