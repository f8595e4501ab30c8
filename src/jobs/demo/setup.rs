//! A demo's settings, and the results of its runs.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::result::JobResult;
use crate::jobs::{decay, process_conversations, recover, scan_stuck};
use crate::run::context::PipelineContext;
use crate::run::signals::Signals;
use crate::store::Store;

/// A demo's database, settings and signals.
pub struct Demo<'a> {
    /// Its own database, empty.
    pub store: &'a Store,
    /// The absolute path of that database.
    pub path: PathBuf,
    /// Whether it replaced an earlier demo's.
    pub replaced: bool,
    /// The name under which the shell started this program.
    pub program: String,
    /// The settings of `decay`.
    pub decay: decay::Settings,
    /// The settings of `recover`.
    pub recover: recover::Settings,
    /// The settings of `scan-stuck`.
    pub scan: scan_stuck::Settings,
    /// The settings of `process-conversations`. It is run until nothing is left to do.
    pub process: process_conversations::Settings,
    /// The pipeline for the conversations.
    pub pipeline: &'a PipelineContext,
    /// How long a run's lease lasts without a renewal.
    pub lease: Duration,
    /// Signals that stop the demo.
    pub signals: &'a Signals,
}

/// The runs so far.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) decay: Option<JobResult>,
    pub(super) recover: Option<JobResult>,
    pub(super) scan: Option<JobResult>,
    pub(super) process: Vec<JobResult>,
}
