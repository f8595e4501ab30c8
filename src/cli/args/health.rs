//! The command line of `health`.

use clap::Command;

use super::common::{IDLE, ROLLOUT, SESSION_TIMEOUT, look};
use super::setting::{Typed, setting, text};
use crate::cli::help;

/// The file that keeps the verdict which was told last.
pub const ON_CHANGE: Typed<String> = text(setting(
    "on-change",
    "NIKITA_HEALTH_ON_CHANGE",
    "FILE",
    None,
    "Exit 3 when the verdict has changed since it was last told, for two looks in a row, else 0; FILE keeps it",
));

pub(super) fn command() -> Command {
    Command::new("health").about("Say whether the pipeline is healthy, degraded or unhealthy now").defer(|it| {
        let settings = [SESSION_TIMEOUT.setting, ROLLOUT.setting, IDLE.setting, ON_CHANGE.setting];
        look(it, &settings).after_help(help::HEALTH)
    })
}
