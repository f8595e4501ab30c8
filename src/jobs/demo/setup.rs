//! What a demo needs, and the runs that it has made.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::result::JobResult;
use crate::jobs::{decay, process_conversations, recover, scan_stuck};
use crate::run::context::PipelineContext;
use crate::run::signals::Signals;
use crate::store::Store;

/// What a demo needs.
pub struct Demo<'a> {
    /// Its database: empty, and its own.
    pub store: &'a Store,
    /// Where that is, absolute.
    pub path: PathBuf,
    /// Whether it took the place of an earlier demo's.
    pub replaced: bool,
    /// How the shell calls this program.
    pub program: String,
    /// How decay works.
    pub decay: decay::Settings,
    /// How stuck conversations are recovered.
    pub recover: recover::Settings,
    /// How audits and executions are judged.
    pub scan: scan_stuck::Settings,
    /// How conversations are processed; its cap is a run's, and there are as many runs as it takes.
    pub process: process_conversations::Settings,
    /// What they are processed with.
    pub pipeline: &'a PipelineContext,
    /// How long a run's lease lives.
    pub lease: Duration,
    /// Asks the demo to stop.
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
