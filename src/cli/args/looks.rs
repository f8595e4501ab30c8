//! The commands that only look.

use clap::{Arg, Command};

use super::{
    IDLE, MODELS, ROLLOUT, SESSION_TIMEOUT, Setting, TEMPLATE_DIR, argument, common, models, now, own, setting, switch,
};
use crate::cli::help;

const HEALTH: [Setting; 4] = [
    SESSION_TIMEOUT,
    ROLLOUT,
    IDLE,
    setting(
        "on-change",
        "NIKITA_HEALTH_ON_CHANGE",
        "FILE",
        None,
        "Exit 3 when the verdict has changed since it was last told, for two looks in a row, else 0; FILE keeps it",
    ),
];
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

const CHECK: [Setting; 2] = [
    setting(
        "since",
        "NIKITA_CHECK_SINCE",
        "DUR",
        None,
        "Look only at what has changed in this time [default: at all there is]",
    ),
    setting("rows", "NIKITA_CHECK_ROWS", "N", Some("100"), "List at most N rows of each promise"),
];

const DOCTOR: [Setting; 2] =
    [TEMPLATE_DIR, setting("root", "NIKITA_HOST_ROOT", "DIR", Some("/"), "Where the host's files are, for tests")];

/// Of the models' settings, those that say which are used and where they are.
const CHOOSE_MODELS: [&str; 7] =
    ["llm", "embeddings", "llm-context", "llm-reply-tokens", "anthropic-base-url", "openai-base-url", "backoff"];

/// Their tables of settings; one that has all of another's is asked first.
pub(super) const TABLES: [&[Setting]; 5] = [&REPORT, &HEALTH, &CHECK, &STATS, &DOCTOR];

/// The commands, as clap sees them.
pub(super) fn commands() -> [Command; 6] {
    [
        Command::new("health")
            .about("Say whether the pipeline is healthy, degraded or unhealthy now")
            .defer(|it| look(it, &HEALTH).after_help(help::HEALTH)),
        Command::new("stats")
            .about("Count and time what the runs did, stage by stage")
            .defer(|it| look(it, &STATS).after_help(help::STATS)),
        Command::new("status")
            .about("Show one execution with its live progress, or the latest of each job")
            .defer(status),
        Command::new("report").about("Write one self-contained page with the same as pictures").defer(|it| {
            look(it, &REPORT).mut_arg("output", |it| it.short('o').required(true)).after_help(help::REPORT)
        }),
        Command::new("check")
            .about("Look up every promise of docs/reliability.md in the database, with the rows that break it")
            .defer(|it| look(it, &CHECK).after_help(help::CHECK)),
        Command::new("doctor").about("Check what the jobs stand on, and say what to do").defer(doctor),
    ]
}

fn status(command: Command) -> Command {
    let id = Arg::new("id").value_name("EXECUTION_ID").help("Which execution [default: the latest of each job]");
    let watch = switch("watch", "NIKITA_STATUS_WATCH", "On a terminal: look again every second, until it has ended");
    common(own(command.arg(id), &[]).args([watch.short('w'), now()])).after_help(help::STATUS)
}

fn doctor(command: Command) -> Command {
    let online = switch("online", "NIKITA_DOCTOR_ONLINE", "Ask each model that is not local one small question");
    let with_models = own(command, &DOCTOR)
        .mut_arg("root", |it| it.hide(true))
        .args([online, now()])
        .next_help_heading(MODELS)
        .args(models::SETTINGS.iter().filter(|setting| CHOOSE_MODELS.contains(&setting.id)).map(argument))
        // One question, and no second try: no pause is short enough.
        .mut_arg("backoff", |it| it.hide(true).default_value("1h"));
    common(with_models).after_help(help::DOCTOR)
}

/// A command that only looks.
fn look(command: Command, settings: &[Setting]) -> Command {
    common(own(command, settings).arg(now()))
}
