//! The settings of those who are told of a run.

use super::setting::{Typed, setting, text};
use crate::clock;
use crate::monitor::ping::Pings;

/// The file for `node_exporter`.
pub const METRICS_FILE: Typed<String> = text(setting(
    "metrics-file",
    "NIKITA_METRICS_FILE",
    "PATH",
    None,
    "Keep metrics in this file, for node_exporter's textfile collector; one file for all jobs",
));

/// A job's own address to ping. Whoever knows it can ping.
pub(super) const fn ping_url(variable: &'static str) -> Typed<Pings> {
    Typed::secret(
        setting("ping-url", variable, "URL", None, "Ping this address, which speaks the protocol of healthchecks.io"),
        |url| Pings::new(url, clock::new_execution()),
    )
}
