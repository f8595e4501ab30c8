//! The command line of `scan-stuck`.

use clap::{Arg, Command};

use super::monitors::ping_url;
use super::{RECOVERED_EXIT_CODE, Setting, own, scheduled, setting};
use crate::cli::help;

pub(super) const SETTINGS: [Setting; 10] = [
    RECOVERED_EXIT_CODE,
    setting(
        "window",
        "NIKITA_SCAN_WINDOW",
        "DUR",
        None,
        "Skip if a run completed within this time [default: four fifths of --check-interval]",
    ),
    setting(
        "check-interval",
        "AUDIT_HEALTH_CHECK_INTERVAL_SECONDS",
        "SECONDS",
        Some("300"),
        "How often the schedule runs it",
    ),
    setting("batch", "NIKITA_SCAN_BATCH", "N", Some("100"), "Fail at most N records, the longest-running first"),
    setting(
        "audit-timeout",
        "AUDIT_STUCK_TIMEOUT_MINUTES",
        "MINUTES",
        Some("30"),
        "The longest that an audit may run, in minutes",
    ),
    setting(
        "no-activity",
        "AUDIT_NO_ACTIVITY_TIMEOUT_MINUTES",
        "MINUTES",
        Some("15"),
        "The longest without a log entry or heartbeat, in minutes",
    ),
    setting(
        "execution-timeout",
        "NIKITA_SCAN_EXECUTION_TIMEOUT",
        "DUR",
        Some("2h"),
        "The longest that a run of a job may take",
    ),
    setting(
        "idle",
        "NIKITA_RECOVER_IDLE",
        "DUR",
        Some("30m"),
        "As for recover, which takes care of the conversations that are counted here",
    ),
    setting(
        "retain",
        "NIKITA_RETAIN",
        "DUR|never",
        Some("90d"),
        "Delete executions that ended longer ago; never keeps all",
    ),
    ping_url("NIKITA_SCAN_PING_URL"),
];

pub(super) fn command() -> Command {
    Command::new("scan-stuck").about("Fail audits and job executions whose owner died or hangs").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let only = |id: &'static str, help| Arg::new(id).long(id).value_name("ID").help(help);
    scheduled(own(command, &SETTINGS).args([
        only("audit", "Only judge this audit, and change nothing").conflicts_with("execution"),
        only("execution", "Only judge this execution, and change nothing"),
    ]))
    .after_help(help::SCAN)
}
