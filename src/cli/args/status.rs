//! The command line of `status`.

use std::time::Duration;

use clap::Command;

use super::common::look;
use super::setting::{Positional, Switch, Typed, setting, text};
use crate::cli::help;
use crate::config::parse;

pub const SINCE: Typed<Duration> = Typed::new(
    setting("since", "NIKITA_STATUS_SINCE", "DUR", None, "List the runs within this time, the newest first"),
    parse::duration,
);
pub const JOB: Typed<String> =
    text(setting("job", "NIKITA_STATUS_JOB", "JOB", None, "With --since: only runs of this job"));
pub const STATE: Typed<String> = Typed::new(
    setting("state", "NIKITA_STATUS_STATE", "STATE", None, "With --since: only running, completed or failed runs"),
    |text| match text {
        "running" | "completed" | "failed" => Ok(text.to_owned()),
        _ => Err("is not running, completed or failed".to_owned()),
    },
);
pub const HOST: Typed<String> =
    text(setting("host", "NIKITA_STATUS_HOST", "HOST", None, "With --since: only runs on this host"));
pub const ROWS: Typed<i64> =
    Typed::new(setting("rows", "NIKITA_STATUS_ROWS", "N", Some("100"), "With --since: list at most N runs"), |text| {
        parse::count(text, 100_000)
    });
pub const ID: Positional = Positional::new("id", "EXECUTION_ID", "Show only this execution");
/// Whether to refresh every second.
pub const WATCH: Switch =
    Switch::new("watch", "NIKITA_STATUS_WATCH", "On a terminal: refresh every second, until the execution ends");

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Show live runs and the latest run of each job, one execution, or all runs since a time")
        .defer(arguments)
}

fn arguments(command: Command) -> Command {
    look(command.arg(ID.arg()), &[SINCE.setting, JOB.setting, STATE.setting, HOST.setting, ROWS.setting])
        .arg(WATCH.arg().short('w'))
        .after_help(help::STATUS)
}
