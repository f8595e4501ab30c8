//! The command line of `scan-stuck`.

use std::time::Duration;

use clap::Command;

use super::common::{IDLE, RECOVERED_EXIT_CODE, batch, own, scheduled};
use super::monitors::ping_url;
use super::setting::{Setting, Typed, flag, setting, text};
use crate::cli::help;
use crate::config::parse;
use crate::monitor::ping::Pings;

/// Without one, it follows from [`CHECK_INTERVAL`].
pub const WINDOW: Typed<Duration> = Typed::new(
    setting(
        "window",
        "NIKITA_SCAN_WINDOW",
        "DUR",
        None,
        "Skip if a run completed within this time [default: four fifths of --check-interval]",
    ),
    parse::duration_or_zero,
);
pub const CHECK_INTERVAL: Typed<Duration> = Typed::new(
    setting(
        "check-interval",
        "AUDIT_HEALTH_CHECK_INTERVAL_SECONDS",
        "SECONDS",
        Some("300"),
        "How often the schedule runs it",
    ),
    parse::seconds,
);
pub const BATCH: Typed<usize> = Typed::new(
    setting("batch", "NIKITA_SCAN_BATCH", "N", Some("100"), "Fail at most N records, the longest-running first"),
    batch,
);
pub const AUDIT_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "audit-timeout",
        "AUDIT_STUCK_TIMEOUT_MINUTES",
        "MINUTES",
        Some("30"),
        "The longest that an audit may run, in minutes",
    ),
    parse::minutes,
);
pub const NO_ACTIVITY: Typed<Duration> = Typed::new(
    setting(
        "no-activity",
        "AUDIT_NO_ACTIVITY_TIMEOUT_MINUTES",
        "MINUTES",
        Some("15"),
        "The longest without a log entry or heartbeat, in minutes",
    ),
    parse::minutes,
);
pub const EXECUTION_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "execution-timeout",
        "NIKITA_SCAN_EXECUTION_TIMEOUT",
        "DUR",
        Some("2h"),
        "The longest that a run of a job may take",
    ),
    parse::duration,
);
/// None: for ever.
pub const RETAIN: Typed<Option<Duration>> = Typed::new(
    setting(
        "retain",
        "NIKITA_RETAIN",
        "DUR|never",
        Some("90d"),
        "Delete executions that ended longer ago; never keeps all",
    ),
    parse::duration_or_never,
);
/// Who is told of a run.
pub const PING: Typed<Pings> = ping_url("NIKITA_SCAN_PING_URL");
/// The one audit that is only judged.
pub const AUDIT: Typed<String> = text(flag("audit", "ID", "Only judge this audit, and change nothing"));
/// The one execution that is only judged.
pub const EXECUTION: Typed<String> = text(flag("execution", "ID", "Only judge this execution, and change nothing"));

const SETTINGS: [Setting; 10] = [
    RECOVERED_EXIT_CODE.setting,
    WINDOW.setting,
    CHECK_INTERVAL.setting,
    BATCH.setting,
    AUDIT_TIMEOUT.setting,
    NO_ACTIVITY.setting,
    EXECUTION_TIMEOUT.setting,
    IDLE.setting.explained("As for recover, which takes care of the conversations that are counted here"),
    RETAIN.setting,
    PING.setting,
];

pub(super) fn command() -> Command {
    Command::new("scan-stuck").about("Fail audits and job executions whose owner died or hangs").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let only = [AUDIT.setting.arg().conflicts_with(EXECUTION.setting.id), EXECUTION.setting.arg()];
    scheduled(own(command, &SETTINGS).args(only)).after_help(help::SCAN)
}
