//! The command line of `why`.

use clap::Command;

use super::common::{ROLLOUT, SESSION_TIMEOUT, look};
use super::setting::{Positional, Typed, setting};
use super::{decay, process};
use crate::cli::help;
use crate::config::parse;

pub const IDS: Positional = Positional::new("ids", "ID", "The ids of conversations or players");
/// How many players a run of decay charges; `--batch` is that of conversations.
pub const DECAY_BATCH: Typed<i64> = Typed::new(
    setting("decay-batch", "NIKITA_DECAY_BATCH", "N", None, "The batch size of decay [default: no cap]"),
    |text| parse::count(text, i64::from(i32::MAX)),
);

pub(super) fn command() -> Command {
    Command::new("why").about("Explain why the next run takes a conversation or charges a player, or leaves it").defer(
        |it| {
            look(
                it,
                &[
                    SESSION_TIMEOUT.setting,
                    ROLLOUT.setting,
                    process::BATCH.setting.explained("The batch size of process-conversations"),
                    DECAY_BATCH.setting,
                    decay::GRACES.setting,
                    decay::RATES.setting,
                    decay::MOST.setting,
                ],
            )
            .arg(IDS.arg().num_args(1..).required(true))
            .after_help(help::WHY)
        },
    )
}
