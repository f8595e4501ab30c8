//! The command line of `prompt render`.

use clap::Command;

use super::common::{TEMPLATE_DIR, common, own};
use super::setting::{Positional, Typed, setting};
use crate::cli::help;
use crate::domain::ids::UserId;
use crate::domain::prompt::Platform;

pub const USER: Typed<UserId> = Typed::new(setting("user", "NIKITA_USER", "ID", None, "The player's id"), |text| {
    text.parse().map_err(|_| "is not a player's id, a UUID".to_owned())
});
pub const PLATFORM: Typed<Platform> = Typed::new(
    setting("platform", "NIKITA_PLATFORM", "text|voice", Some("text"), "The platform of the prompt"),
    |text| {
        let platform = Platform::ALL.into_iter().find(|platform| platform.as_str() == text);
        platform.ok_or_else(|| "is neither text nor voice".to_owned())
    },
);
const ACTION: Positional = Positional::new("action", "render", "The only action");

pub(super) fn command() -> Command {
    Command::new("prompt").about("Print the prompt for a player's next conversation; store nothing").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let action = ACTION.arg().required(true).value_parser(["render"]).hide_possible_values(true);
    let own = own(command.arg(action), &[USER.setting, PLATFORM.setting]);
    common(own.arg(TEMPLATE_DIR.setting.arg())).after_help(help::PROMPT)
}
