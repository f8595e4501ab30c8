//! The command line of `why`.

use clap::Command;

use super::common::{ROLLOUT, SESSION_TIMEOUT, look};
use super::process;
use super::setting::Positional;
use crate::cli::help;

pub const IDS: Positional = Positional::new("ids", "ID", "The conversations' ids");

pub(super) fn command() -> Command {
    Command::new("why").about("Explain why the next run takes a conversation or leaves it").defer(|it| {
        look(
            it,
            &[SESSION_TIMEOUT.setting, ROLLOUT.setting, process::BATCH.setting.explained("The batch size of the runs")],
        )
        .arg(IDS.arg().num_args(1..).required(true))
        .after_help(help::WHY)
    })
}
