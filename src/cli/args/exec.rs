//! The command line of `exec`.

use std::ffi::OsString;

use clap::{Arg, Command, ValueHint, value_parser};

use super::monitors::ping_url;
use super::{LEASE, METRICS_FILE, SKIP_EXIT_CODE, Setting, argument, common, now, setting, switch};
use crate::cli::help;

pub(super) const SETTINGS: [Setting; 6] = [
    setting("job", "NIKITA_EXEC_JOB", "NAME", None, "The job that it is, whose lease it takes"),
    setting("window", "NIKITA_EXEC_WINDOW", "DUR", Some("0s"), "Skip if a run completed within this time"),
    setting("timeout", "NIKITA_EXEC_TIMEOUT", "DUR", None, "The longest it may take [default: no limit]"),
    setting("grace", "NIKITA_GRACE", "DUR", Some("20s"), "How long it may go on after a signal"),
    setting("audit", "NIKITA_EXEC_AUDIT", "TYPE", None, "It is an audit of this type, which scan-stuck watches"),
    ping_url("NIKITA_EXEC_PING_URL"),
];

pub(super) fn command() -> Command {
    Command::new("exec").about("Run any command under a lease, a window and a heartbeat").defer(arguments)
}

fn arguments(command: Command) -> Command {
    common(command)
        .args(SETTINGS.iter().map(argument))
        .mut_arg("job", |it| it.required(true))
        .arg(switch("pass-stdout", "NIKITA_EXEC_PASS_STDOUT", "Its stdout is ours; the result goes to stderr"))
        .arg(switch("force", "NIKITA_FORCE", "Ignore the window; never the lock"))
        .args([argument(&LEASE), argument(&SKIP_EXIT_CODE), argument(&METRICS_FILE), now()])
        .arg(
            Arg::new("command")
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
