//! The command line of `doctor`.

use clap::Command;

use super::common::{MODELS, TEMPLATE_DIR, common, now, own};
use super::models::{BACKOFF, CHOICE};
use super::setting::{Setting, Switch, Typed, setting, text};
use crate::cli::help;

/// Where the host's `/etc`, `/usr` and `/var` are.
pub const ROOT: Typed<String> =
    text(setting("root", "NIKITA_HOST_ROOT", "DIR", Some("/"), "Where the host's files are, for tests"));
/// Whether each model that is not local is asked.
pub const ONLINE: Switch =
    Switch::new("online", "NIKITA_DOCTOR_ONLINE", "Ask each model that is not local one small question");

pub(super) fn command() -> Command {
    Command::new("doctor").about("Check what the jobs stand on, and say what to do").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let with_models = own(command, &[TEMPLATE_DIR.setting, ROOT.setting])
        .mut_arg(ROOT.setting.id, |it| it.hide(true))
        .args([ONLINE.arg(), now()])
        .next_help_heading(MODELS)
        .args(CHOICE.iter().map(Setting::arg))
        // One question, and no second try: no pause is short enough.
        .arg(BACKOFF.setting.arg().hide(true).default_value("1h"));
    common(with_models).after_help(help::DOCTOR)
}
