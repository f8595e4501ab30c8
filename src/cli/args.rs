//! The command line, as clap sees it. Values stay text here; `compose` checks them, because what is wrong with them is a
//! usage error or a configuration error by where they came from.

use std::env;
use std::ffi::OsString;

use clap::builder::{OsStr, Resettable};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{generate, help};
use crate::config::parse;

pub mod decay;
mod exec;
mod looks;
mod models;
mod monitors;
mod process;
mod prompt;
mod scan;
mod typed;

use monitors::{METRICS_FILE, ping_url};

/// Every argument that is a setting: its flag, its variable, its default, its help. The flag is the same in all commands
/// that take it; the variable is too, but for those that each job has of its own (`NIKITA_DECAY_WINDOW`).
#[derive(Clone, Copy)]
struct Setting {
    id: &'static str,
    variable: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
}

const fn setting(
    id: &'static str,
    variable: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting { id, variable, value, default, help }
}

const DATABASE_URL: Setting = setting(
    "database-url",
    "DATABASE_URL",
    "URL",
    None,
    "postgres://… or sqlite:PATH; also from DATABASE_URL_FILE or a systemd credential. Without any: an SQLite file in \
     $STATE_DIRECTORY, $XDG_STATE_HOME/nikita-jobs or ~/.local/state/nikita-jobs",
);
const ENV_FILE: Setting = setting(
    "env-file",
    "NIKITA_ENV_FILE",
    "PATH",
    None,
    "Read variables from this file instead of ./.env; one already set wins",
);
const FORMAT: Setting = setting(
    "format",
    "NIKITA_FORMAT",
    "human|json",
    None,
    "How stdout is written [default: human on a terminal, else json]",
);
const LEASE: Setting = setting(
    "lease",
    "NIKITA_LEASE",
    "DUR",
    Some("90s"),
    "How long the run's lease lives without a renewal; at least 2s",
);
const DB_TIMEOUT: Setting = setting(
    "db-timeout",
    "NIKITA_DB_TIMEOUT",
    "DUR",
    None,
    "The longest wait for an answer of the database [default: a sixth of the lease, 15s at most; 60s in all to look]",
);
const TEMPLATE_DIR: Setting = setting(
    "template-dir",
    "NIKITA_TEMPLATE_DIR",
    "DIR",
    None,
    "Take the prompt template from prompt.j2 in this folder [default: the shipped one]",
);
const SKIP_EXIT_CODE: Setting =
    setting("skip-exit-code", "NIKITA_SKIP_EXIT_CODE", "N", Some("75"), "Exit code of a skipped run");

const RECOVERED_EXIT_CODE: Setting = setting(
    "recovered-exit-code",
    "NIKITA_RECOVERED_EXIT_CODE",
    "N",
    Some("0"),
    "Exit code where something was recovered and all else is well",
);

const RECOVER: [Setting; 5] = [
    RECOVERED_EXIT_CODE,
    setting("window", "NIKITA_RECOVER_WINDOW", "DUR", Some("1m"), "Skip if a run completed within this time"),
    setting(
        "batch",
        "NIKITA_RECOVER_BATCH",
        "N",
        Some("50"),
        "Recover at most N conversations, the longest idle first",
    ),
    IDLE,
    ping_url("NIKITA_RECOVER_PING_URL"),
];

const ROLLOUT: Setting = setting(
    "rollout-percent",
    "UNIFIED_PIPELINE_ROLLOUT_PERCENT",
    "N",
    Some("100"),
    "The share of players whose conversations are taken, the same ones each time",
);
const SESSION_TIMEOUT: Setting = setting(
    "session-timeout",
    "NIKITA_SESSION_TIMEOUT",
    "DUR",
    Some("15m"),
    "Silence after which a conversation is over",
);
const IDLE: Setting =
    setting("idle", "NIKITA_RECOVER_IDLE", "DUR", Some("30m"), "Without any movement for this long, it is stuck");

/// The environment variable of a command's argument, for messages.
pub fn variable_of(matches: &ArgMatches, id: &str) -> &'static str {
    let common = [&DATABASE_URL, &DB_TIMEOUT, &ENV_FILE, &FORMAT, &LEASE, &SKIP_EXIT_CODE, &METRICS_FILE];
    // Jobs share ids, such as `window`; a command that knows all of a table has that table.
    let has = |settings: &&[Setting]| settings.iter().all(|it| matches.try_contains_id(it.id).is_ok());
    // `scan` has all that RECOVER has, so it is asked first.
    let jobs = [
        &decay::SETTINGS[..],
        &process::SETTINGS[..],
        &scan::SETTINGS[..],
        &RECOVER[..],
        &prompt::SETTINGS[..],
        &exec::SETTINGS[..],
    ];
    let own = jobs.into_iter().chain(looks::TABLES).find(has).unwrap_or_default();
    own.iter()
        .chain(&models::SETTINGS)
        .chain(common)
        .find(|setting| setting.id == id)
        .map_or("a variable", |setting| setting.variable)
}

/// The whole command line. A command's own arguments are deferred: only those of the one that is called are made.
pub fn command() -> Command {
    Command::new("nikita-jobs")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the background jobs of Nikita, a companion game")
        .after_help(help::overview())
        .after_long_help(help::overview())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("decay")
                .about("Charge inactive players' scores, each overdue hour exactly once")
                .defer(|it| job(it, &decay::SETTINGS).after_help(help::DECAY)),
        )
        .subcommand(
            Command::new("process-conversations")
                .about("Take stale conversations through the nine-stage pipeline")
                .defer(process::command),
        )
        .subcommand(
            Command::new("recover").about("Take conversations that are stuck in processing out of it").defer(recover),
        )
        .subcommand(prompt::command())
        .subcommand(scan::command())
        .subcommand(exec::command())
        .subcommands(looks::commands())
        .subcommands(help::REPLACED.map(|(name, _)| replaced(name)))
        .subcommand(
            common(Command::new("migrate"))
                .about("Bring the schema up to date")
                .arg(switch("plan", "NIKITA_MIGRATE_PLAN", "Print the SQL that would run, and change nothing"))
                .after_help(help::MIGRATE),
        )
        .subcommand(
            Command::new("demo")
                .about("Build a sample SQLite database and run the jobs on it, on a machine with nothing set up")
                .arg(argument(&setting(
                    "path",
                    "NIKITA_DEMO_PATH",
                    "PATH",
                    None,
                    "Where to build it [default: demo.sqlite in the state folder]",
                )))
                .args([argument(&FORMAT), quiet(), verbose(), argument(&ENV_FILE)])
                .after_help(help::DEMO),
        )
        .subcommands(generate::commands())
}

/// A command's arguments where neither the command line nor the environment sets any: what the demo runs it with.
pub fn defaults(name: &'static str) -> ArgMatches {
    of(name).mut_args(|arg| arg.env(Resettable::<OsStr>::Reset)).get_matches_from([name])
}

/// A command's arguments as the environment alone sets them, without the variables of those in `left_out`.
pub fn from_environment(name: &'static str, left_out: &[String]) -> Result<ArgMatches, clap::Error> {
    let reset =
        |arg: Arg| if left_out.iter().any(|id| arg.get_id() == id) { arg.env(Resettable::<OsStr>::Reset) } else { arg };
    of(name).mut_args(reset).try_get_matches_from([name])
}

/// The arguments of a command that a variable can set: id and variable.
pub fn variables(name: &'static str) -> Vec<(String, String)> {
    let variable = |arg: &Arg| Some((arg.get_id().to_string(), arg.get_env()?.to_string_lossy().into_owned()));
    of(name).get_arguments().filter_map(variable).collect()
}

/// Every variable that a command reads.
pub fn all_variables() -> Vec<String> {
    let mut whole = command();
    whole.build();
    let variables = whole.get_subcommands().flat_map(Command::get_arguments).filter_map(Arg::get_env);
    variables.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// What is wrong with a variable of ours, where that is why clap refuses the command line: it holds no text, or a switch, to which a
/// command line gives no value, holds none that it takes.
pub fn wrong_variable(error: &clap::Error) -> Option<String> {
    let mut whole = command();
    whole.build();
    let mut variables = whole.get_subcommands().flat_map(Command::get_arguments).filter_map(|arg| {
        let name = arg.get_env()?;
        Some((arg, name.to_string_lossy().into_owned(), env::var_os(name)?))
    });
    if error.kind() == ErrorKind::InvalidUtf8 {
        let (_, name, _) = variables.find(|(_, _, value)| value.to_str().is_none())?;
        return Some(format!("{name} is not UTF-8 text"));
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let (arg, name, value) = variables.find(|(arg, _, value)| {
        let of_flag = arg.get_long().is_some_and(|long| flag.trim_end_matches("...") == format!("--{long}"));
        of_flag && !arg.get_action().takes_values() && !value.is_empty()
    })?;
    let why = if matches!(arg.get_action(), ArgAction::Count) { "is not a number from 0 to 255" } else { NO_SWITCH };
    Some(format!("{name}={:?} {why}", value.to_string_lossy()))
}

/// clap's error with the usage of the command that was typed, and nothing more: clap lists what is set there, too, and so names variables
/// of the environment as flags that one has to give.
pub fn with_usage_as_in_help(mut error: clap::Error, typed: &[OsString]) -> clap::Error {
    if error.get(ContextKind::Usage).is_some() {
        let mut whole = command();
        whole.build();
        let named = typed.get(1).and_then(|name| name.to_str()).and_then(|name| whole.find_subcommand_mut(name));
        let usage = named.map(Command::render_usage);
        let usage = usage.unwrap_or_else(|| whole.render_usage());
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

fn of(name: &'static str) -> Command {
    let mut command = command();
    // Without this its arguments are not there yet.
    command.build();
    command.find_subcommand(name).cloned().unwrap_or_else(|| Command::new(name))
}

fn recover(command: Command) -> Command {
    let by_hand = [
        Arg::new("kind").value_name("conversation|audit|execution").requires("ids").help("By hand: recover just these"),
        Arg::new("ids").value_name("ID").num_args(1..).help("Their ids"),
    ];
    let requeue =
        switch("requeue", "NIKITA_RECOVER_REQUEUE", "Back to active while attempts are left, instead of failed");
    scheduled(own(command.args(by_hand), &RECOVER).arg(requeue)).after_help(help::RECOVER)
}

fn job(command: Command, settings: &[Setting]) -> Command {
    scheduled(own(command, settings))
}

/// What a command takes that no other does.
fn own(command: Command, settings: &[Setting]) -> Command {
    command.next_help_heading(WORK).args(settings.iter().map(argument))
}

/// What every job takes beside its own.
fn scheduled(command: Command) -> Command {
    let run = command
        .next_help_heading(RUN)
        .arg(switch("dry-run", "NIKITA_DRY_RUN", "Say what a run would do now, and write nothing").short('n'))
        .arg(switch("force", "NIKITA_FORCE", "Ignore the window; never the lock"))
        .args([argument(&LEASE), argument(&SKIP_EXIT_CODE), argument(&METRICS_FILE), now()]);
    common(run)
}

/// A name of an earlier system: it takes whatever arguments that took, to say what has replaced it.
fn replaced(name: &'static str) -> Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true);
    Command::new(name).about("Replaced by recover").hide(true).arg(rest)
}

fn common(command: Command) -> Command {
    command
        .next_help_heading(DATABASE)
        .args([argument(&DATABASE_URL).hide_env_values(true), argument(&DB_TIMEOUT), argument(&ENV_FILE)])
        .next_help_heading(OUTPUT)
        .args([argument(&FORMAT), quiet(), verbose()])
        .next_help_heading(None)
}

/// The topics of `--help`.
const WORK: &str = "What it does";
const RUN: &str = "The run";
const MODELS: &str = "Models";
const DATABASE: &str = "Database and settings";
const OUTPUT: &str = "Output";

fn argument(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.id)
        .long(setting.id)
        .env(setting.variable)
        .value_name(setting.value)
        .help(setting.help)
        .hide_env_values(true)
        // "-5" is a wrong value, not an unknown flag.
        .allow_hyphen_values(true);
    match setting.default {
        Some(default) => arg.default_value(default),
        None => arg,
    }
}

fn switch(id: &'static str, variable: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .long(id)
        .env(variable)
        .hide_env_values(true)
        .action(ArgAction::SetTrue)
        .value_parser(switched)
        .help(help)
}

const NO_SWITCH: &str = "is neither true nor false";

/// What a switch's variable says; nothing is no.
fn switched(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "n" | "f" => Ok(false),
        "y" | "t" => Ok(true),
        text => parse::switch(text),
    }
}

/// For tests. No variable sets it: one that is left in an environment would charge for years ahead.
fn now() -> Arg {
    Arg::new("now").long("now").value_name("TIME").help("Stand-in for the database's clock, for tests").hide(true)
}

fn quiet() -> Arg {
    switch("quiet", "NIKITA_QUIET", "Not a byte on success or a skip; on failure, the result and the log").short('q')
}

fn verbose() -> Arg {
    Arg::new("verbose")
        .long("verbose")
        .short('v')
        .action(ArgAction::Count)
        .env("NIKITA_VERBOSE")
        .hide_env_values(true)
        .help("Log more to stderr; twice for details")
}
