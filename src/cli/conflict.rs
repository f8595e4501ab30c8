//! Who heats the conflict, and whether it may end a game beside the application (spec 09, "Conflict").

use clap::ArgMatches;

use super::raw::{self, Problem};
use crate::config::parse;
use crate::core::settings::ConflictKeeper;

/// Who heats the conflict.
pub fn keeper(matches: &ArgMatches) -> Result<ConflictKeeper, Problem> {
    raw::required(matches, "conflict", |text| match text.trim().to_ascii_lowercase().as_str() {
        "auto" => Ok(ConflictKeeper::Auto),
        "application" => Ok(ConflictKeeper::Application),
        "own" => Ok(ConflictKeeper::Own),
        _ => Err("is none of auto, application and own".to_owned()),
    })
}

/// Whether a conflict may end a game where the application heats it.
pub fn breakup(matches: &ArgMatches) -> Result<bool, Problem> {
    raw::required(matches, "breakup", parse::switch)
}
