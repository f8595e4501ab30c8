//! The settings of those who are told of a run.

use super::{Setting, setting};

pub(super) const METRICS_FILE: Setting = setting(
    "metrics-file",
    "NIKITA_METRICS_FILE",
    "PATH",
    None,
    "Keep metrics in this file, for node_exporter's textfile collector; one file for all jobs",
);

pub(super) const fn ping_url(variable: &'static str) -> Setting {
    setting("ping-url", variable, "URL", None, "Ping this address, which speaks the protocol of healthchecks.io")
}
