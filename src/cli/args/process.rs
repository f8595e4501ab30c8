//! The command `process-conversations`.

use clap::{Arg, Command};

use super::monitors::ping_url;
use super::{
    MODELS, ROLLOUT, SESSION_TIMEOUT, Setting, TEMPLATE_DIR, argument, models, own, scheduled, setting, switch,
};
use crate::cli::help;

pub(super) const SETTINGS: [Setting; 19] = [
    setting("window", "NIKITA_PROCESS_WINDOW", "DUR", Some("5s"), "Skip if a run completed within this time"),
    setting("batch", "NIKITA_PROCESS_BATCH", "N", Some("10"), "Process at most N conversations"),
    setting("concurrency", "NIKITA_PROCESS_CONCURRENCY", "N", Some("10"), "Conversations at once"),
    setting("timeout", "NIKITA_PROCESS_TIMEOUT", "DUR", Some("30s"), "The longest a conversation may take"),
    SESSION_TIMEOUT,
    setting("grace", "NIKITA_GRACE", "DUR", Some("20s"), "How long running conversations may go on after a signal"),
    setting(
        "budget-usd",
        "NIKITA_BUDGET_USD",
        "USD",
        None,
        "Claim nothing more once the run has cost so much [default: no limit]",
    ),
    setting("prices-file", "NIKITA_PRICES_FILE", "PATH", None, "JSON with prices of models, before the shipped ones"),
    setting(
        "backfill",
        "NIKITA_BACKFILL",
        "N",
        Some("100"),
        "Embed at most N facts that have no vector yet; 0 for none",
    ),
    setting("pipeline-enabled", "UNIFIED_PIPELINE_ENABLED", "BOOL", Some("true"), "false skips the run"),
    ROLLOUT,
    setting(
        "duplicate-similarity",
        "NIKITA_DUPLICATE_SIMILARITY",
        "X",
        Some("0.87"),
        "Cosine similarity from which a new fact replaces an old one",
    ),
    setting(
        "unsupported-facts",
        "NIKITA_UNSUPPORTED_FACTS",
        "KEEP",
        Some("keep"),
        "keep or drop: facts whose quote is nowhere in the transcript",
    ),
    TEMPLATE_DIR,
    setting(
        "conflict",
        "NIKITA_CONFLICT",
        "WHO",
        Some("auto"),
        "Who heats the conflict: application, own (these jobs), or auto, which sees whether the application does",
    ),
    setting(
        "breakup",
        "NIKITA_BREAKUP",
        "BOOL",
        Some("false"),
        "Whether a conflict may end a game where the application heats it",
    ),
    setting("id", "NIKITA_CONVERSATION_ID", "UUID", None, "Process just this conversation, whatever the window says"),
    setting(
        "rehearse",
        "NIKITA_REHEARSE",
        "PLAN",
        None,
        "Failures on purpose, such as latency=200ms,extraction=unavailable",
    ),
    ping_url("NIKITA_PROCESS_PING_URL"),
];

pub(super) fn command(command: Command) -> Command {
    let with_models = own(command, &SETTINGS)
        .arg(
            Arg::new("execution-id")
                .long("execution-id")
                .value_name("UUID")
                .help("The id of this run's execution, so that its caller can poll it from the first moment"),
        )
        .arg(switch("allow-overlap", "NIKITA_ALLOW_OVERLAP", "Let several runs go on at once, on this host and others"))
        .arg(
            switch("reprocess", "NIKITA_REPROCESS", "With --id: also one that was processed or has failed")
                .requires("id"),
        )
        .next_help_heading(MODELS)
        .args(models::SETTINGS.iter().map(|setting| argument(setting).hide(setting.id == "backoff")));
    scheduled(with_models).after_help(help::PROCESS)
}
