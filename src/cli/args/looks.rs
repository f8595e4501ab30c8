//! The commands that only look.

use clap::{Arg, Command};

use super::{IDLE, NOW, ROLLOUT, SESSION_TIMEOUT, Setting, argument, common, setting, switch};
use crate::cli::help;

const HEALTH: [Setting; 3] = [SESSION_TIMEOUT, ROLLOUT, IDLE];
const STATS: [Setting; 1] = [setting("since", "NIKITA_STATS_SINCE", "DUR", Some("24h"), "How far to look back")];
const REPORT: [Setting; 5] = [
    setting(
        "output",
        "NIKITA_REPORT_OUTPUT",
        "FILE",
        None,
        "The page; an older one is replaced once the new one is whole",
    ),
    setting(
        "since",
        "NIKITA_REPORT_SINCE",
        "DUR",
        Some("30d"),
        "How far to look back; by hours up to 48h, then by days",
    ),
    SESSION_TIMEOUT,
    ROLLOUT,
    IDLE,
];

/// Their tables of settings; one that has all of another's is asked first.
pub(super) const TABLES: [&[Setting]; 3] = [&REPORT, &HEALTH, &STATS];

/// The commands, as clap sees them.
pub(super) fn commands() -> [Command; 4] {
    [
        look("health", "Say whether the pipeline is healthy, degraded or unhealthy now", &HEALTH)
            .after_help(help::HEALTH),
        look("stats", "Count and time what the runs did, stage by stage", &STATS).after_help(help::STATS),
        look("status", "Show one execution with its live progress, or the latest of each job", &[])
            .arg(Arg::new("id").value_name("EXECUTION_ID").help("Which execution [default: the latest of each job]"))
            .arg(
                switch("watch", "NIKITA_STATUS_WATCH", "On a terminal: look again every second, until it has ended")
                    .short('w'),
            )
            .after_help(help::STATUS),
        look("report", "Write one self-contained page with the same as pictures", &REPORT)
            .mut_arg("output", |it| it.short('o').required(true))
            .after_help(help::REPORT),
    ]
}

/// A command that only looks.
fn look(name: &'static str, about: &'static str, own: &[Setting]) -> Command {
    common(Command::new(name).about(about)).args(own.iter().map(argument)).arg(argument(&NOW).hide(true))
}
