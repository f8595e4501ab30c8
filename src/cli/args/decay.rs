//! The command line of `decay`.

use std::time::Duration;

use clap::Command;

use super::common::{own, scheduled};
use super::monitors::ping_url;
use super::setting::{Setting, Typed, setting};
use crate::cli::help;
use crate::config::parse;
use crate::core::decay::ChapterRule;
use crate::monitor::ping::Pings;

pub const WINDOW: Typed<Duration> = Typed::new(
    setting("window", "NIKITA_DECAY_WINDOW", "DUR", Some("50m"), "Skip if a run completed within this time"),
    parse::duration_or_zero,
);
pub const BATCH: Typed<i64> = Typed::new(
    setting(
        "batch",
        "NIKITA_DECAY_BATCH",
        "N",
        None,
        "Charge at most N players, the longest overdue first [default: no limit]",
    ),
    |text| parse::count(text, i64::from(i32::MAX)),
);
pub const CHUNK: Typed<i64> =
    Typed::new(setting("chunk", "NIKITA_DECAY_CHUNK", "N", Some("10000"), "Players per transaction"), |text| {
        parse::count(text, 1_000_000)
    });
/// In hours.
pub const GRACES: Typed<[i64; 5]> = Typed::new(
    setting(
        "grace-hours",
        "NIKITA_DECAY_GRACE_HOURS",
        "H,…",
        Some("8,16,24,48,72"),
        "Grace period by chapter, in hours",
    ),
    |text| {
        let hours = |text: &str| text.parse().ok().filter(|hours| (1..=ChapterRule::MOST_GRACE_HOURS).contains(hours));
        parse::by_chapter(text, hours, "8,16,24,48,72, none over a year")
    },
);
/// In hundredths of a point per hour.
pub const RATES: Typed<[i64; 5]> = Typed::new(
    setting("rates", "NIKITA_DECAY_RATES", "P,…", Some("0.8,0.6,0.4,0.3,0.2"), "Points per hour by chapter"),
    |text| {
        let rate = |text: &str| parse::hundredths(text).filter(|rate| *rate <= ChapterRule::MOST_HUNDREDTHS_PER_HOUR);
        parse::by_chapter(text, rate, "0.8,0.6,0.4,0.3,0.2, none over 100 or with more than two decimals")
    },
);
/// In hundredths of a point.
pub const MOST: Typed<i64> = Typed::new(
    setting("max-points", "NIKITA_DECAY_MAX_POINTS", "P", Some("20"), "The most points a run takes from a player"),
    |text| parse::hundredths(text).ok_or_else(|| "is not a positive number of points such as 20".to_owned()),
);

/// The address to ping at a run's start and end.
pub const PING: Typed<Pings> = ping_url("NIKITA_DECAY_PING_URL");

const SETTINGS: [Setting; 7] =
    [WINDOW.setting, BATCH.setting, CHUNK.setting, GRACES.setting, RATES.setting, MOST.setting, PING.setting];

pub(super) fn command() -> Command {
    Command::new("decay")
        .about("Lower the scores of inactive players, each overdue hour exactly once")
        .defer(|it| scheduled(own(it, &SETTINGS)).after_help(help::DECAY))
}
