//! The command line of `report`.

use std::time::Duration;

use clap::Command;

use super::common::{IDLE, ROLLOUT, SESSION_TIMEOUT, look};
use super::setting::{Typed, setting};
use crate::cli::help;
use crate::config::parse;

pub const OUTPUT: Typed<String> = Typed::new(
    setting(
        "output",
        "NIKITA_REPORT_OUTPUT",
        "FILE",
        None,
        "Write the report here; an older one is replaced only when the new one is complete",
    ),
    |text| match text {
        "-" => Err("is not a file; stdout carries the result, so name a file such as report.html".to_owned()),
        "" => Err("is not a file".to_owned()),
        text => Ok(text.to_owned()),
    },
);
pub const SINCE: Typed<Duration> = Typed::new(
    setting(
        "since",
        "NIKITA_REPORT_SINCE",
        "DUR",
        Some("30d"),
        "How far to look back; hourly figures up to 48h, daily beyond",
    ),
    |text| match parse::duration(text)? {
        since if since > Duration::from_hours(366 * 24) => Err("must be a year at most".to_owned()),
        since => Ok(since),
    },
);

pub(super) fn command() -> Command {
    Command::new("report").about("Write a self-contained HTML report with charts").defer(|it| {
        let settings = [OUTPUT.setting, SINCE.setting, SESSION_TIMEOUT.setting, ROLLOUT.setting, IDLE.setting];
        look(it, &settings).mut_arg(OUTPUT.setting.id, |it| it.short('o').required(true)).after_help(help::REPORT)
    })
}
