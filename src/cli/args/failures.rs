//! The command line of `failures`, and how failures are chosen.

use std::time::Duration;

use clap::Command;

use super::common::look;
use super::setting::{Setting, Typed, setting, text};
use crate::cli::help;
use crate::config::parse;
use crate::core::stages::StageName;

/// Which failures.
pub struct Choice {
    /// Those of this time.
    pub since: Typed<Duration>,
    /// Those with this in the error.
    pub error: Typed<String>,
    /// Those of this stage.
    pub stage: Typed<String>,
}

impl Choice {
    /// As the help lists them.
    pub(super) const fn settings(&self) -> [Setting; 3] {
        [self.since.setting, self.error.setting, self.stage.setting]
    }
}

/// The name of a stage.
pub(super) fn stage(text: &str) -> Result<String, String> {
    let known = StageName::ALL.iter().find(|stage| stage.as_str() == text);
    known.map(ToString::to_string).ok_or_else(|| "is no stage".to_owned())
}

pub const CHOICE: Choice = Choice {
    since: Typed::new(
        setting("since", "NIKITA_FAILURES_SINCE", "DUR", None, "Only what failed in this time [default: all]"),
        parse::duration,
    ),
    error: text(setting("error", "NIKITA_FAILURES_ERROR", "TEXT", None, "Only with this in the error")),
    stage: Typed::new(setting("stage", "NIKITA_FAILURES_STAGE", "STAGE", None, "Only failures of this stage"), stage),
};
pub const ROWS: Typed<i64> =
    Typed::new(setting("rows", "NIKITA_FAILURES_ROWS", "N", Some("100"), "List at most N conversations"), |text| {
        parse::count(text, 100_000)
    });

pub(super) fn command() -> Command {
    Command::new("failures").about("List the conversations that failed or wait, by error").defer(|it| {
        let [since, error, stage] = CHOICE.settings();
        look(it, &[since, error, stage, ROWS.setting]).after_help(help::FAILURES)
    })
}
