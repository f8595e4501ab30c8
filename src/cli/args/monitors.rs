//! The settings for monitoring: the metrics file and the pings.

use super::setting::{Typed, setting, text};
use crate::clock;
use crate::monitor::ping::Pings;

/// The file for `node_exporter`.
pub const METRICS_FILE: Typed<String> = text(setting(
    "metrics-file",
    "NIKITA_METRICS_FILE",
    "PATH",
    None,
    "Write metrics to this file, for node_exporter's textfile collector; all jobs share one file",
));

/// A job's own address to ping. It is a secret: anyone who knows it can ping.
pub(super) const fn ping_url(variable: &'static str) -> Typed<Pings> {
    Typed::secret(
        setting(
            "ping-url",
            variable,
            "URL",
            None,
            "Ping this healthchecks.io-compatible address at a run's start and end",
        ),
        |url| Pings::new(url, clock::new_execution()),
    )
}
