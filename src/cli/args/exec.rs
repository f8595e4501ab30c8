//! The command line of `exec`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use super::common::{FORCE, LEASE, SKIP_EXIT_CODE, common, now};
use super::monitors::{METRICS_FILE, ping_url};
use super::setting::{Setting, Switch, Typed, setting, text};
use crate::cli::help;
use crate::config::parse;
use crate::domain::job::Job;
use crate::monitor::ping::Pings;

/// A name that needs no quoting anywhere. Our own jobs' names are refused: each has its own command.
pub const JOB: Typed<String> = Typed::new(
    setting("job", "NIKITA_EXEC_JOB", "NAME", None, "The job's name; runs of one name share a lease"),
    |text| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if text.is_empty() || text.len() > 63 || !text.chars().all(plain) {
            return Err("must be up to 63 of a-z, 0-9, '-', '_' and '.'".to_owned());
        }
        if Job::find(text).is_some() || text == "migrate" {
            return Err("is a job of this program; name another".to_owned());
        }
        Ok(text.to_owned())
    },
);
pub const WINDOW: Typed<Duration> = Typed::new(
    setting("window", "NIKITA_EXEC_WINDOW", "DUR", Some("0s"), "Skip if a run completed within this time"),
    parse::duration_or_zero,
);
pub const TIMEOUT: Typed<Duration> = Typed::new(
    setting("timeout", "NIKITA_EXEC_TIMEOUT", "DUR", None, "End the command after this time [default: no limit]"),
    parse::duration,
);
pub const GRACE: Typed<Duration> = Typed::new(
    setting("grace", "NIKITA_GRACE", "DUR", Some("20s"), "How long the command can continue after a signal"),
    parse::duration,
);
pub const AUDIT: Typed<String> = text(setting(
    "audit",
    "NIKITA_EXEC_AUDIT",
    "TYPE",
    None,
    "Record the run as an audit of this type, for scan-stuck",
));
/// The address to ping at a run's start and end.
pub const PING: Typed<Pings> = ping_url("NIKITA_EXEC_PING_URL");
/// Whether the command writes to our stdout.
pub const PASS_STDOUT: Switch = Switch::new(
    "pass-stdout",
    "NIKITA_EXEC_PASS_STDOUT",
    "Pass the command's stdout through; the result goes to stderr",
);

const COMMAND: &str = "command";

/// The command and its arguments.
pub fn called(matches: &ArgMatches) -> Vec<OsString> {
    matches.get_many::<OsString>(COMMAND).into_iter().flatten().cloned().collect()
}

pub(super) fn command() -> Command {
    Command::new("exec").about("Run any command under a lease, a window and a heartbeat").defer(arguments)
}

fn arguments(command: Command) -> Command {
    common(command)
        .arg(JOB.setting.arg().required(true))
        .args([WINDOW.setting, TIMEOUT.setting, GRACE.setting, AUDIT.setting, PING.setting].iter().map(Setting::arg))
        .args([PASS_STDOUT.arg(), FORCE.arg()])
        .args([LEASE.setting.arg(), SKIP_EXIT_CODE.setting.arg(), METRICS_FILE.setting.arg(), now()])
        .arg(
            Arg::new(COMMAND)
                .value_name("COMMAND")
                .num_args(1..)
                .required(true)
                .last(true)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::CommandWithArguments)
                .help("The command and its arguments"),
        )
        .after_help(help::EXEC)
}
