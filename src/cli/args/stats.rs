//! The command line of `stats`.

use std::time::Duration;

use clap::Command;

use super::common::look;
use super::setting::{Typed, setting};
use crate::cli::help;
use crate::config::parse;

pub const SINCE: Typed<Duration> =
    Typed::new(setting("since", "NIKITA_STATS_SINCE", "DUR", Some("24h"), "How far to look back"), parse::duration);

pub(super) fn command() -> Command {
    Command::new("stats")
        .about("Count and time what the runs did, stage by stage")
        .defer(|it| look(it, &[SINCE.setting]).after_help(help::STATS))
}
