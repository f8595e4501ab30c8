//! The command line of `scan-stuck`.

use std::time::Duration;

use clap::Command;

use super::common::{IDLE, RECOVERED_EXIT_CODE, batch, own, scheduled};
use super::monitors::ping_url;
use super::setting::{Setting, Typed, flag, setting, text};
use crate::cli::help;
use crate::config::parse;
use crate::monitor::ping::Pings;

/// Unset, it is derived from [`CHECK_INTERVAL`].
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
        "The interval of the schedule, in seconds",
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
        "An audit that runs longer than this is unhealthy, in minutes",
    ),
    parse::minutes,
);
pub const NO_ACTIVITY: Typed<Duration> = Typed::new(
    setting(
        "no-activity",
        "AUDIT_NO_ACTIVITY_TIMEOUT_MINUTES",
        "MINUTES",
        Some("15"),
        "A record without a log entry or heartbeat for this long is unhealthy, in minutes",
    ),
    parse::minutes,
);
pub const EXECUTION_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "execution-timeout",
        "NIKITA_SCAN_EXECUTION_TIMEOUT",
        "DUR",
        Some("2h"),
        "A job's run that takes longer than this is unhealthy",
    ),
    parse::duration,
);
/// None keeps them forever.
pub const RETAIN: Typed<Option<Duration>> = Typed::new(
    setting(
        "retain",
        "NIKITA_RETAIN",
        "DUR|never",
        Some("90d"),
        "Delete executions that ended longer ago than this; never keeps all of them",
    ),
    parse::duration_or_never,
);
/// The address to ping at a run's start and end.
pub const PING: Typed<Pings> = ping_url("NIKITA_SCAN_PING_URL");
pub const AUDIT: Typed<String> = text(flag("audit", "ID", "Only judge this audit; change nothing"));
pub const EXECUTION: Typed<String> = text(flag("execution", "ID", "Only judge this execution; change nothing"));

const SETTINGS: [Setting; 10] = [
    RECOVERED_EXIT_CODE.setting,
    WINDOW.setting,
    CHECK_INTERVAL.setting,
    BATCH.setting,
    AUDIT_TIMEOUT.setting,
    NO_ACTIVITY.setting,
    EXECUTION_TIMEOUT.setting,
    IDLE.setting.explained("Count conversations idle for this long as stuck; recover recovers them"),
    RETAIN.setting,
    PING.setting,
];

pub(super) fn command() -> Command {
    Command::new("scan-stuck").about("Fail audits and job executions whose owner has died or hangs").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let only = [AUDIT.setting.arg().conflicts_with(EXECUTION.setting.id), EXECUTION.setting.arg()];
    scheduled(own(command, &SETTINGS).args(only)).after_help(help::SCAN)
}
