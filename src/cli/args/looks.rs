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

const FAILURES: [Setting; 4] = [
    setting("since", "NIKITA_FAILURES_SINCE", "DUR", None, "Only what failed in this time [default: all]"),
    setting("error", "NIKITA_FAILURES_ERROR", "TEXT", None, "Only with this in the error"),
    setting("stage", "NIKITA_FAILURES_STAGE", "STAGE", None, "Only failures of this stage"),
    setting("rows", "NIKITA_FAILURES_ROWS", "N", Some("100"), "List at most N conversations"),
];
const RETRY: [Setting; 3] = [
    setting("since", "NIKITA_RETRY_SINCE", "DUR", None, "With --failed: only what failed in this time"),
    setting("error", "NIKITA_RETRY_ERROR", "TEXT", None, "With --failed: only with this in the error"),
    setting("stage", "NIKITA_RETRY_STAGE", "STAGE", None, "With --failed: only failures of this stage"),
];
const WHY: [Setting; 3] = [
    SESSION_TIMEOUT,
    ROLLOUT,
    setting("batch", "NIKITA_PROCESS_BATCH", "N", Some("10"), "How many a run takes at most"),
];
const STATUS: [Setting; 5] = [
    setting("since", "NIKITA_STATUS_SINCE", "DUR", None, "List the runs of this time, the newest first"),
    setting("job", "NIKITA_STATUS_JOB", "JOB", None, "With --since: only of this job"),
    setting("state", "NIKITA_STATUS_STATE", "STATE", None, "With --since: only running, completed or failed ones"),
    setting("host", "NIKITA_STATUS_HOST", "HOST", None, "With --since: only on this host"),
    setting("rows", "NIKITA_STATUS_ROWS", "N", Some("100"), "With --since: list at most N runs"),
];

/// Of the models' settings, those that say which are used and where they are.
const CHOOSE_MODELS: [&str; 7] =
    ["llm", "embeddings", "llm-context", "llm-reply-tokens", "anthropic-base-url", "openai-base-url", "backoff"];

/// Their tables of settings; one that has all of another's is asked first.
pub(super) const TABLES: [&[Setting]; 9] =
    [&REPORT, &HEALTH, &WHY, &STATUS, &FAILURES, &RETRY, &CHECK, &STATS, &DOCTOR];

/// The commands, as clap sees them.
pub(super) fn commands() -> [Command; 9] {
    [
        Command::new("health")
            .about("Say whether the pipeline is healthy, degraded or unhealthy now")
            .defer(|it| look(it, &HEALTH).after_help(help::HEALTH)),
        Command::new("stats")
            .about("Count and time what the runs did, stage by stage")
            .defer(|it| look(it, &STATS).after_help(help::STATS)),
        Command::new("status")
            .about("Show one execution with its live progress, every live run and the latest of each job, or the runs of a time")
            .defer(status),
        Command::new("failures")
            .about("List the conversations that failed or wait, by error")
            .defer(|it| look(it, &FAILURES).after_help(help::FAILURES)),
        Command::new("retry").about("Give conversations that failed their attempts back").defer(retry),
        Command::new("why").about("Say why the next run takes a conversation, or does not").defer(|it| {
            let ids = Arg::new("ids").value_name("ID").num_args(1..).required(true).help("Which conversations");
            look(it, &WHY).arg(ids).after_help(help::WHY)
        }),
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
    let id = Arg::new("id").value_name("EXECUTION_ID").conflicts_with("since").help("Which execution");
    let watch = switch("watch", "NIKITA_STATUS_WATCH", "On a terminal: look again every second, until it has ended");
    look(command.arg(id), &STATUS)
        .mut_args(
            |it| if ["job", "state", "host"].iter().any(|id| it.get_id() == id) { it.requires("since") } else { it },
        )
        .arg(watch.short('w'))
        .after_help(help::STATUS)
}

fn retry(command: Command) -> Command {
    look(command, &RETRY)
        .arg(
            Arg::new("ids")
                .value_name("ID")
                .num_args(1..)
                .required_unless_present("failed")
                .help("Which conversations"),
        )
        .arg(
            switch("failed", "NIKITA_RETRY_FAILED", "All conversations that were given up, in place of ids")
                .conflicts_with("ids"),
        )
        .mut_args(|it| if RETRY.iter().any(|own| it.get_id() == own.id) { it.requires("failed") } else { it })
        .arg(switch("dry-run", "NIKITA_DRY_RUN", "Say which ones it would be, and write nothing").short('n'))
        .after_help(help::RETRY)
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
