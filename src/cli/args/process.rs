//! The command line of `process-conversations`.

use std::fs;
use std::str::FromStr;
use std::time::Duration;

use clap::Command;
use rust_decimal::Decimal;

use super::common::{MODELS, ROLLOUT, SESSION_TIMEOUT, TEMPLATE_DIR, batch, own, scheduled};
use super::models;
use super::monitors::ping_url;
use super::setting::{Setting, Switch, Typed, flag, setting};
use crate::cli::help;
use crate::config::parse;
use crate::core::prices::Prices;
use crate::core::settings::ConflictKeeper;
use crate::domain::ids::{ConversationId, ExecutionId};
use crate::monitor::ping::Pings;
use crate::providers::rehearsal::Rehearsal;

pub const WINDOW: Typed<Duration> = Typed::new(
    setting("window", "NIKITA_PROCESS_WINDOW", "DUR", Some("5s"), "Skip if a run completed within this time"),
    parse::duration_or_zero,
);
pub const BATCH: Typed<usize> =
    Typed::new(setting("batch", "NIKITA_PROCESS_BATCH", "N", Some("10"), "Process at most N conversations"), batch);
pub const CONCURRENCY: Typed<usize> = Typed::new(
    setting("concurrency", "NIKITA_PROCESS_CONCURRENCY", "N", Some("10"), "Process at most N conversations at once"),
    |text| parse::size(text, 200),
);
pub const TIMEOUT: Typed<Duration> = Typed::new(
    setting("timeout", "NIKITA_PROCESS_TIMEOUT", "DUR", Some("30s"), "Timeout of one conversation"),
    parse::duration,
);
pub const GRACE: Typed<Duration> = Typed::new(
    setting("grace", "NIKITA_GRACE", "DUR", Some("20s"), "How long running conversations can continue after a signal"),
    parse::duration_or_zero,
);
/// In US dollars.
pub const BUDGET: Typed<Decimal> = Typed::new(
    setting(
        "budget-usd",
        "NIKITA_BUDGET_USD",
        "USD",
        None,
        "Stop claiming conversations once the run has cost this much [default: no limit]",
    ),
    |text| {
        let amount = Decimal::from_str(text.trim()).map_err(|_| "is not an amount such as 0.50".to_owned())?;
        if amount > Decimal::ZERO { Ok(amount) } else { Err("must be more than zero".to_owned()) }
    },
);
/// The file's prices, with the shipped ones for models that it does not list.
pub const PRICES_FILE: Typed<Prices> = Typed::new(
    setting(
        "prices-file",
        "NIKITA_PRICES_FILE",
        "PATH",
        None,
        "JSON file with model prices, which override the shipped ones",
    ),
    |path| {
        let text = fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?;
        Prices::shipped().map_err(|why| format!("the shipped price table {why}"))?.with_file(&text)
    },
);
pub const BACKFILL: Typed<usize> = Typed::new(
    setting(
        "backfill",
        "NIKITA_BACKFILL",
        "N",
        Some("100"),
        "Embed at most N stored facts that have no vector yet; 0 for none",
    ),
    |text| parse::size_or_zero(text, 100_000),
);
pub const ENABLED: Typed<bool> = Typed::new(
    setting("pipeline-enabled", "UNIFIED_PIPELINE_ENABLED", "BOOL", Some("true"), "false skips the run"),
    parse::switch,
);
pub const DUPLICATE_SIMILARITY: Typed<f64> = Typed::new(
    setting(
        "duplicate-similarity",
        "NIKITA_DUPLICATE_SIMILARITY",
        "X",
        Some("0.87"),
        "Cosine similarity at which a new fact replaces an old one",
    ),
    parse::similarity,
);
/// Whether unsupported facts are dropped.
pub const UNSUPPORTED_FACTS: Typed<bool> = Typed::new(
    setting(
        "unsupported-facts",
        "NIKITA_UNSUPPORTED_FACTS",
        "KEEP",
        Some("keep"),
        "keep or drop facts whose quote is not in the transcript",
    ),
    |text| match text.trim().to_ascii_lowercase().as_str() {
        "keep" => Ok(false),
        "drop" => Ok(true),
        _ => Err("is neither keep nor drop".to_owned()),
    },
);
/// Who updates the conflict's temperature (spec 09, "Conflict").
pub const CONFLICT: Typed<ConflictKeeper> = Typed::new(
    setting(
        "conflict",
        "NIKITA_CONFLICT",
        "WHO",
        Some("auto"),
        "Who updates the conflict temperature: application, own (these jobs), or auto (detect whether the application does)",
    ),
    |text| match text.trim().to_ascii_lowercase().as_str() {
        "auto" => Ok(ConflictKeeper::Auto),
        "application" => Ok(ConflictKeeper::Application),
        "own" => Ok(ConflictKeeper::Own),
        _ => Err("is none of auto, application and own".to_owned()),
    },
);
/// Whether a conflict can end a game although the application updates its temperature.
pub const BREAKUP: Typed<bool> = Typed::new(
    setting(
        "breakup",
        "NIKITA_BREAKUP",
        "BOOL",
        Some("false"),
        "Whether a conflict can end a game although the application updates its temperature",
    ),
    parse::switch,
);
pub const ID: Typed<ConversationId> = Typed::new(
    setting("id", "NIKITA_CONVERSATION_ID", "UUID", None, "Process only this conversation, regardless of the window"),
    |text| text.parse().map_err(|_| "is not a conversation's id, a UUID".to_owned()),
);
pub const REHEARSE: Typed<Rehearsal> = Typed::new(
    setting(
        "rehearse",
        "NIKITA_REHEARSE",
        "PLAN",
        None,
        "Inject failures, such as latency=200ms,extraction=unavailable",
    ),
    Rehearsal::parse,
);
/// The address to ping at a run's start and end.
pub const PING: Typed<Pings> = ping_url("NIKITA_PROCESS_PING_URL");
pub const EXECUTION_ID: Typed<ExecutionId> = Typed::new(
    flag("execution-id", "UUID", "Use this id for the run's execution, so that the caller can poll it from the start"),
    |text| text.parse().map_err(|_| "is not a UUID".to_owned()),
);
pub const ALLOW_OVERLAP: Switch =
    Switch::new("allow-overlap", "NIKITA_ALLOW_OVERLAP", "Allow concurrent runs, on this host and others");
pub const REPROCESS: Switch =
    Switch::new("reprocess", "NIKITA_REPROCESS", "With --id: process it again even if it was processed or failed");

const SETTINGS: [Setting; 19] = [
    WINDOW.setting,
    BATCH.setting,
    CONCURRENCY.setting,
    TIMEOUT.setting,
    SESSION_TIMEOUT.setting,
    GRACE.setting,
    BUDGET.setting,
    PRICES_FILE.setting,
    BACKFILL.setting,
    ENABLED.setting,
    ROLLOUT.setting,
    DUPLICATE_SIMILARITY.setting,
    UNSUPPORTED_FACTS.setting,
    TEMPLATE_DIR.setting,
    CONFLICT.setting,
    BREAKUP.setting,
    ID.setting,
    REHEARSE.setting,
    PING.setting,
];

pub(super) fn command() -> Command {
    Command::new("process-conversations")
        .about("Process finished conversations in the nine-stage pipeline")
        .defer(arguments)
}

fn arguments(command: Command) -> Command {
    let with_models = own(command, &SETTINGS)
        .args([EXECUTION_ID.setting.arg(), ALLOW_OVERLAP.arg(), REPROCESS.arg()])
        .next_help_heading(MODELS)
        .args(models::SETTINGS.iter().map(Setting::arg))
        .mut_arg(models::BACKOFF.setting.id, |it| it.hide(true));
    scheduled(with_models).after_help(help::PROCESS)
}
