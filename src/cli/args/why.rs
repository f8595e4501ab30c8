//! The command line of `why`.

use clap::Command;

use super::common::{ROLLOUT, SESSION_TIMEOUT, look};
use super::process;
use super::setting::Positional;
use crate::cli::help;

/// Which conversations.
pub const IDS: Positional = Positional::new("ids", "ID", "Which conversations");

pub(super) fn command() -> Command {
    Command::new("why").about("Say why the next run takes a conversation, or does not").defer(|it| {
        look(
            it,
            &[
                SESSION_TIMEOUT.setting,
                ROLLOUT.setting,
                process::BATCH.setting.explained("How many a run takes at most"),
            ],
        )
        .arg(IDS.arg().num_args(1..).required(true))
        .after_help(help::WHY)
    })
}
