//! The command line of `health`.

use clap::Command;

use super::common::{IDLE, ROLLOUT, SESSION_TIMEOUT, look};
use super::setting::{Typed, setting, text};
use crate::cli::help;

/// The file that keeps the last reported verdict.
pub const ON_CHANGE: Typed<String> = text(setting(
    "on-change",
    "NIKITA_HEALTH_ON_CHANGE",
    "FILE",
    None,
    "Exit 3 once a new verdict is confirmed by two checks in a row, else 0; FILE keeps the last verdict",
));

pub(super) fn command() -> Command {
    Command::new("health").about("Report whether the pipeline is healthy, degraded or unhealthy").defer(|it| {
        let settings = [SESSION_TIMEOUT.setting, ROLLOUT.setting, IDLE.setting, ON_CHANGE.setting];
        look(it, &settings).after_help(help::HEALTH)
    })
}
