//! The arguments that several commands take.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::setting::{Setting, Switch, Typed, flag, setting, text};
use crate::config::database::Database;
use crate::config::parse;

/// Which database.
pub const DATABASE_URL: Typed<Database> = Typed::secret(
    setting(
        "database-url",
        "DATABASE_URL",
        "URL",
        None,
        "postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential [default: an SQLite file in \
         $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs]",
    ),
    Database::parse,
);
/// Read before clap parses anything: see [`crate::cli::env_file`].
const ENV_FILE: Setting = setting(
    "env-file",
    "NIKITA_ENV_FILE",
    "PATH",
    None,
    "Read variables from this file instead of ./.env; variables already set win",
);
/// Whether stdout is JSON.
pub const FORMAT: Typed<bool> = Typed::new(
    setting(
        "format",
        "NIKITA_FORMAT",
        "human|json",
        None,
        "Output format of stdout [default: human on a terminal, else json]",
    ),
    parse::is_json,
);
/// How long a run's lease lasts without a renewal.
pub const LEASE: Typed<Duration> = Typed::new(
    setting(
        "lease",
        "NIKITA_LEASE",
        "DUR",
        Some("90s"),
        "How long the run's lease lasts without a renewal; at least 2s",
    ),
    |text| match parse::duration(text)? {
        short if short < Duration::from_secs(2) => Err("must be at least 2s".to_owned()),
        lease => Ok(lease),
    },
);
/// The longest wait for a response of the database.
pub const DB_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "db-timeout",
        "NIKITA_DB_TIMEOUT",
        "DUR",
        None,
        "The longest wait for a response of the database [default: a sixth of the lease, at most 15s; read-only commands: 60s in all]",
    ),
    parse::duration,
);
/// The folder of the prompt template.
pub const TEMPLATE_DIR: Typed<String> = text(setting(
    "template-dir",
    "NIKITA_TEMPLATE_DIR",
    "DIR",
    None,
    "Use the prompt template prompt.j2 in this folder [default: the shipped one]",
));
/// The exit code of a skipped run.
pub const SKIP_EXIT_CODE: Typed<u8> = Typed::new(
    setting("skip-exit-code", "NIKITA_SKIP_EXIT_CODE", "N", Some("75"), "Exit code of a skipped run"),
    parse::exit_code,
);
/// The exit code of a run that recovered something.
pub const RECOVERED_EXIT_CODE: Typed<u8> = Typed::new(
    setting(
        "recovered-exit-code",
        "NIKITA_RECOVERED_EXIT_CODE",
        "N",
        Some("0"),
        "Exit code of a successful run that recovered something",
    ),
    parse::exit_code,
);
/// The share of players whose conversations are processed, in percent.
pub const ROLLOUT: Typed<u8> = Typed::new(
    setting(
        "rollout-percent",
        "UNIFIED_PIPELINE_ROLLOUT_PERCENT",
        "N",
        Some("100"),
        "Process only this share of players, in percent; always the same players",
    ),
    parse::percent,
);
/// The silence after which a conversation counts as over.
pub const SESSION_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "session-timeout",
        "NIKITA_SESSION_TIMEOUT",
        "DUR",
        Some("15m"),
        "Silence after which a conversation counts as over",
    ),
    parse::duration,
);
/// How long a conversation in processing can be idle before it counts as stuck.
pub const IDLE: Typed<Duration> = Typed::new(
    setting("idle", "NIKITA_RECOVER_IDLE", "DUR", Some("30m"), "A conversation idle for this long is stuck"),
    parse::duration,
);
/// For tests. No variable sets it: a forgotten one would charge decay for years ahead.
pub const NOW: Typed<DateTime<Utc>> =
    Typed::new(flag("now", "TIME", "Stand-in for the database's clock, for tests"), |text| {
        let time = DateTime::parse_from_rfc3339(text).map_err(|why| format!("is not RFC 3339: {why}"))?;
        Ok(time.to_utc())
    });

/// Whether the command only reports what it would do.
pub const DRY_RUN: Switch = Switch::new("dry-run", "NIKITA_DRY_RUN", "Report what a run would do now; write nothing");
/// Whether the window is ignored.
pub const FORCE: Switch = Switch::new("force", "NIKITA_FORCE", "Ignore the window, but never another run's lease");
/// Whether success is silent.
pub const QUIET: Switch =
    Switch::new("quiet", "NIKITA_QUIET", "Print nothing on success or a skip; on failure, the result and the log");

const VERBOSE: &str = "verbose";

/// The number of `-v` flags.
pub fn verbosity(matches: &ArgMatches) -> u8 {
    matches.try_get_one::<u8>(VERBOSE).ok().flatten().copied().unwrap_or_default()
}

/// Parses the size of a batch.
pub(super) fn batch(text: &str) -> Result<usize, String> {
    parse::size(text, 1_000_000)
}

/// The headings in `--help`.
const WORK: &str = "What it does";
const RUN: &str = "The run";
pub(super) const MODELS: &str = "Models";
const DATABASE: &str = "Database and settings";
const OUTPUT: &str = "Output";

/// Adds the command's own arguments.
pub(super) fn own(command: Command, settings: &[Setting]) -> Command {
    command.next_help_heading(WORK).args(settings.iter().map(Setting::arg))
}

/// Adds what every job takes besides its own arguments.
pub(super) fn scheduled(command: Command) -> Command {
    let run = command.next_help_heading(RUN).args([DRY_RUN.arg().short('n'), FORCE.arg()]).args([
        LEASE.setting.arg(),
        SKIP_EXIT_CODE.setting.arg(),
        super::monitors::METRICS_FILE.setting.arg(),
        now(),
    ]);
    common(run)
}

/// Adds what every command takes that uses the database.
pub(super) fn common(command: Command) -> Command {
    command
        .next_help_heading(DATABASE)
        .args([DATABASE_URL.setting.arg(), DB_TIMEOUT.setting.arg(), ENV_FILE.arg()])
        .next_help_heading(OUTPUT)
        .args([FORMAT.setting.arg(), quiet(), verbose()])
        .next_help_heading(None)
}

/// Adds the same without the database's arguments, for the demo, which has its own database.
pub(super) fn without_database(command: Command) -> Command {
    command.args([FORMAT.setting.arg(), quiet(), verbose(), ENV_FILE.arg()])
}

/// The arguments of a read-only command.
pub(super) fn look(command: Command, settings: &[Setting]) -> Command {
    common(own(command, settings).arg(now()))
}

pub(super) fn now() -> Arg {
    NOW.setting.arg().hide(true)
}

fn quiet() -> Arg {
    QUIET.arg().short('q')
}

fn verbose() -> Arg {
    Arg::new(VERBOSE)
        .long(VERBOSE)
        .short('v')
        .action(ArgAction::Count)
        .env("NIKITA_VERBOSE")
        .hide_env_values(true)
        .help("Log more to stderr; twice for details")
}
