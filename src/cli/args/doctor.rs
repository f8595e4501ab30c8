//! The command line of `doctor`.

use clap::Command;

use super::common::{MODELS, TEMPLATE_DIR, common, now, own};
use super::models::{BACKOFF, CHOICE};
use super::setting::{Setting, Switch, Typed, setting, text};
use crate::cli::help;

/// Where the host's `/etc`, `/usr` and `/var` are.
pub const ROOT: Typed<String> =
    text(setting("root", "NIKITA_HOST_ROOT", "DIR", Some("/"), "Where the host's files are, for tests"));
/// Whether to send a request to each remote model.
pub const ONLINE: Switch = Switch::new("online", "NIKITA_DOCTOR_ONLINE", "Send one small request to each remote model");

pub(super) fn command() -> Command {
    Command::new("doctor").about("Check settings, database, models and schedules, and say what to fix").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let with_models = own(command, &[TEMPLATE_DIR.setting, ROOT.setting])
        .mut_arg(ROOT.setting.id, |it| it.hide(true))
        .args([ONLINE.arg(), now()])
        .next_help_heading(MODELS)
        .args(CHOICE.iter().map(Setting::arg))
        // Effectively no retry: a first backoff of an hour is longer than any request's deadline.
        .arg(BACKOFF.setting.arg().hide(true).default_value("1h"));
    common(with_models).after_help(help::DOCTOR)
}
