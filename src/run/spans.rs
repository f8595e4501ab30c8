//! The spans of a trace: a run contains its conversations, a conversation its stages. Only `monitor::traces` subscribes to them,
//! not the log. In a build without the feature `otel` a span costs a comparison.
//!
//! They hold ids, names, numbers and outcomes, never conversation text.

use std::time::Duration;

use tracing::Span;
use tracing::field::Empty;

use super::lifecycle::Ended;
use crate::core::stages::StageName;
use crate::core::stages::step::StageError;
use crate::domain::conversation::Claim;
use crate::domain::exit::Exit;
use crate::domain::result::EntryStatus;

/// The target that separates these spans from the log's.
pub const TARGET: &str = "trace";

/// A command of this process, from its settings to its result.
#[must_use]
pub fn run(job: &str) -> Span {
    tracing::info_span!(
        target: TARGET, parent: None, "run", otel.name = job, job, execution_id = Empty, reason = Empty,
        outcome = Empty, exit_code = Empty, duration_ms = Empty, otel.status_code = Empty
    )
}

/// Records the outcome of a run.
pub fn end_run(span: &Span, ended: &Ended) {
    let common = &ended.result.common;
    if let Some(execution) = common.execution_id {
        span.record("execution_id", tracing::field::display(execution));
    }
    if let Some(reason) = ended.result.skip_reason() {
        span.record("reason", reason.as_str());
    }
    span.record("outcome", common.status.as_str());
    span.record("duration_ms", common.duration_ms);
    span.record("exit_code", ended.exit.code());
    let good = matches!(ended.exit, Exit::Success | Exit::Partial | Exit::Skipped);
    span.record("otel.status_code", status(good));
}

/// A claimed conversation, from its snapshot to its commit.
#[must_use]
pub fn conversation(claim: &Claim) -> Span {
    tracing::info_span!(
        target: TARGET, "conversation", conversation_id = %claim.conversation, attempt = claim.attempt, outcome = Empty,
        duration_ms = Empty, otel.status_code = Empty
    )
}

/// A stage of a conversation, its retries included.
#[must_use]
pub fn stage(name: StageName) -> Span {
    tracing::info_span!(
        target: TARGET, "stage", otel.name = name.as_str(), stage = name.as_str(), tries = Empty, outcome = Empty,
        duration_ms = Empty, otel.status_code = Empty
    )
}

/// Records the outcome of a conversation in the current span.
pub fn end_conversation(outcome: EntryStatus, duration_ms: i64, good: bool) {
    let span = Span::current();
    span.record("outcome", outcome.as_str());
    span.record("duration_ms", duration_ms);
    span.record("otel.status_code", status(good));
}

/// Records the outcome of a stage in the current span.
pub fn end_stage<T>(outcome: &Result<T, StageError>, tries: u32, duration: Duration) {
    let span = Span::current();
    span.record("tries", tries);
    span.record("outcome", if outcome.is_ok() { "success" } else { "failed" });
    span.record("duration_ms", duration.as_secs_f64() * 1000.0);
    span.record("otel.status_code", status(outcome.is_ok()));
}

const fn status(good: bool) -> &'static str {
    if good { "OK" } else { "ERROR" }
}
