//! The command line of `recover`.

use std::time::Duration;

use clap::Command;

use super::common::{IDLE, RECOVERED_EXIT_CODE, batch, own, scheduled};
use super::monitors::ping_url;
use super::setting::{Positional, Setting, Switch, Typed, setting};
use crate::cli::help;
use crate::config::parse;
use crate::monitor::ping::Pings;

pub const WINDOW: Typed<Duration> = Typed::new(
    setting("window", "NIKITA_RECOVER_WINDOW", "DUR", Some("1m"), "Skip if a run completed within this time"),
    parse::duration_or_zero,
);
pub const BATCH: Typed<usize> = Typed::new(
    setting(
        "batch",
        "NIKITA_RECOVER_BATCH",
        "N",
        Some("50"),
        "Recover at most N conversations, the longest idle first",
    ),
    batch,
);
/// The address to ping at a run's start and end.
pub const PING: Typed<Pings> = ping_url("NIKITA_RECOVER_PING_URL");
/// Whether a conversation with attempts left becomes active again.
pub const REQUEUE: Switch =
    Switch::new("requeue", "NIKITA_RECOVER_REQUEUE", "Make conversations with attempts left active again, not failed");
/// The kind of record to recover by hand.
pub const KIND: Positional =
    Positional::new("kind", "conversation|audit|execution", "Recover only these records, whatever the rules say");
pub const IDS: Positional = Positional::new("ids", "ID", "Their ids");

const SETTINGS: [Setting; 5] = [RECOVERED_EXIT_CODE.setting, WINDOW.setting, BATCH.setting, IDLE.setting, PING.setting];

pub(super) fn command() -> Command {
    Command::new("recover").about("Recover conversations that are stuck in processing").defer(arguments)
}

fn arguments(command: Command) -> Command {
    let by_hand = [KIND.arg().requires(IDS.id), IDS.arg().num_args(1..)];
    scheduled(own(command.args(by_hand), &SETTINGS).arg(REQUEUE.arg())).after_help(help::RECOVER)
}
