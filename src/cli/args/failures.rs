//! The command line of `failures`, and the filters that it shares with `retry`.

use std::time::Duration;

use clap::{ArgMatches, Command};

use super::common::look;
use super::setting::{Setting, Typed, setting, text};
use crate::cli::help;
use crate::cli::raw::Problem;
use crate::config::parse;
use crate::core::stages::StageName;

/// Filters for failures.
pub struct Choice {
    /// How far back.
    pub since: Typed<Duration>,
    /// A text that the error contains.
    pub error: Typed<String>,
    /// The stage that failed.
    pub stage: Typed<String>,
}

impl Choice {
    /// Checks that none was given on the command line without another argument; see [`Typed::needs`].
    pub fn need(&self, matches: &ArgMatches, other: &str, is_given: bool) -> Result<(), Problem> {
        self.since.needs(matches, other, is_given)?;
        self.error.needs(matches, other, is_given)?;
        self.stage.needs(matches, other, is_given)
    }

    /// In the order of the help.
    pub(super) const fn settings(&self) -> [Setting; 3] {
        [self.since.setting, self.error.setting, self.stage.setting]
    }
}

/// Parses a stage's name.
pub(super) fn stage(text: &str) -> Result<String, String> {
    let known = StageName::ALL.iter().find(|stage| stage.as_str() == text);
    known.map(ToString::to_string).ok_or_else(|| "is not a stage".to_owned())
}

pub const CHOICE: Choice = Choice {
    since: Typed::new(
        setting("since", "NIKITA_FAILURES_SINCE", "DUR", None, "Only failures within this time [default: all]"),
        parse::duration,
    ),
    error: text(setting("error", "NIKITA_FAILURES_ERROR", "TEXT", None, "Only errors that contain this text")),
    stage: Typed::new(setting("stage", "NIKITA_FAILURES_STAGE", "STAGE", None, "Only failures of this stage"), stage),
};
pub const ROWS: Typed<i64> =
    Typed::new(setting("rows", "NIKITA_FAILURES_ROWS", "N", Some("100"), "List at most N conversations"), |text| {
        parse::count(text, 100_000)
    });

pub(super) fn command() -> Command {
    Command::new("failures").about("List failed conversations and those waiting for a retry, by error").defer(|it| {
        let [since, error, stage] = CHOICE.settings();
        look(it, &[since, error, stage, ROWS.setting]).after_help(help::FAILURES)
    })
}
