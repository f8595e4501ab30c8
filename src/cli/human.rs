//! Results for people: short tables.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use comfy_table::{ContentArrangement, Table, presets};

use super::figures::{counted, dollars, instant, name};
use super::harmless::flat;
use super::{demo_report, terminal};
use crate::domain::result::{
    ConversationPlan, ConversationResult, DecayResult, ExecResult, JobResult, Judgement, MigrateResult, MigrationEntry,
    Own, ProcessPlan, ProcessResult, Reason, RecoverResult, ScanResult, SkipReason, SkipResult,
};

mod doctor;
mod failures;
mod looks;
mod table;

use table::Rows;

/// A command's result for a person, in lines that fit the screen.
pub fn render(result: &JobResult) -> String {
    fitting(&result.own, page(result))
}

/// A command's own fields without the common ones.
pub fn found(own: &Own) -> String {
    fitting(own, self::own(own, None))
}

/// Fits the text to the screen, except prompts and migration plans, which a line break would change, and the demo's report, which has
/// a width of its own.
fn fitting(own: &Own, said: String) -> String {
    let verbatim = match own {
        Own::Migrate(it) => it.dry_run,
        own => matches!(own, Own::Prompt(_) | Own::Demo(_) | Own::AbortedDemo(_)),
    };
    match terminal::width_of_stdout().filter(|_| !verbatim) {
        Some(width) => terminal::fit(&said, width),
        None => said,
    }
}

fn page(result: &JobResult) -> String {
    let Some(error) = &result.common.error else { return without_error(result) };
    let message = flat(&error.message);
    if !matches!(result.own, Own::Decay(_) | Own::Process(_) | Own::Recover(_) | Own::Scan(_)) {
        return format!("error: {message}");
    }
    // A job that failed still shows what it had done.
    format!("{}\nerror: {message}", without_error(result).trim_end())
}

fn without_error(result: &JobResult) -> String {
    match &result.own {
        Own::Decay(it) => format!("{}{}", heading(result), decay(it)),
        Own::Process(it) => format!("{}{}", heading(result), conversations(it)),
        Own::ProcessPlan(it) => format!("{}{}", heading(result), plan(it)),
        Own::Conversation(it) => one_conversation(result, it),
        Own::Recover(it) => format!("{}{}", heading(result), recoveries(it)),
        Own::Scan(it) => format!("{}{}", heading(result), scan(it)),
        Own::Skip(it) => {
            let job = result.common.job.as_deref().map_or_else(String::new, |job| format!("{job} "));
            format!("{job}{}", skipped(it, result.common.started_at))
        }
        Own::Retry(it) => failures::retry(it, result.common.dry_run),
        Own::Failures(it) => failures::failures(it, result.common.started_at),
        Own::Health(it) => format!("{}{}", result.common.status, looks::health(it, result.common.started_at)),
        Own::Change(it) => format!("{}: the verdict was {}", result.common.status, it.was),
        own => self::own(own, result.common.started_at),
    }
}

fn own(own: &Own, now: Option<DateTime<Utc>>) -> String {
    match own {
        Own::Nothing {} | Own::Change(_) => String::new(),
        Own::Skip(it) => skipped(it, now),
        Own::Decay(it) => decay(it),
        Own::Process(it) => conversations(it),
        Own::ProcessPlan(it) => plan(it),
        Own::Conversation(it) => it.entry.conversation_id.to_string(),
        Own::ConversationPlan(it) => conversation_plan(it),
        Own::Recover(it) => recoveries(it),
        Own::Scan(it) => scan(it),
        Own::Judgement(it) => judgement(it, now),
        Own::Health(it) => looks::health(it, now),
        Own::Stats(it) => looks::stats(it, now),
        Own::Status(it) => looks::status(it, now),
        Own::Runs(it) => looks::runs(it, now),
        Own::Execution(it) => looks::execution(&it.execution, now),
        Own::Exec(it) => exec(it),
        Own::Failures(it) => failures::failures(it, now),
        Own::Retry(it) => failures::retry(it, false),
        Own::Why(it) => failures::why(it),
        Own::Check(it) => looks::check(it),
        Own::Report(it) => looks::report(it, now),
        Own::Doctor(it) => doctor::render(it),
        Own::Migrate(it) => migrations(it),
        Own::Prompt(it) => it.prompt.clone(),
        Own::Demo(it) => demo_report::render(it),
        Own::AbortedDemo(it) => demo_report::aborted(it),
    }
}

fn skipped(it: &SkipResult, now: Option<DateTime<Utc>>) -> String {
    let (why, way_out) = match it.reason {
        SkipReason::RecentExecution => {
            ("a run completed a short while ago", "--force ignores the window and runs it now")
        }
        SkipReason::AlreadyRunning => {
            ("another run is in progress", "nikita-jobs status shows it; --force does not override its lease")
        }
        SkipReason::PipelineDisabled => {
            ("the pipeline is switched off (UNIFIED_PIPELINE_ENABLED)", "--pipeline-enabled true runs it now")
        }
    };
    let mut said = format!("skipped: {why}");
    if let Some(by) = it.blocked_by {
        let _ = write!(said, "\n  execution  {by}");
    }
    if let Some(at) = it.reopens_at {
        let _ = write!(said, "\n  reopens    {}", instant(at, now));
    }
    let _ = write!(said, "\n  next step  {way_out}");
    said
}

fn migrations(it: &MigrateResult) -> String {
    if it.additions.is_empty() && it.migrations.is_empty() {
        return "The schema is up to date.".to_owned();
    }
    let name = |it: &MigrationEntry| format!("{:04} {}", it.version, it.name);
    if it.dry_run {
        let added = it.additions.iter().map(|sql| format!("-- missing columns\n{sql};"));
        let sql = |it: &MigrationEntry| it.sql.clone().unwrap_or_default().trim_end().to_owned();
        let migrated = it.migrations.iter().map(|it| format!("-- migration {}\n{}", name(it), sql(it)));
        return added.chain(migrated).collect::<Vec<_>>().join("\n\n");
    }
    let added = it.additions.iter().map(|sql| format!("applied {sql}"));
    added.chain(it.migrations.iter().map(|it| format!("applied {}", name(it)))).collect::<Vec<_>>().join("\n")
}

fn decay(it: &DecayResult) -> String {
    let said = figures(&[
        ("processed", &it.processed),
        ("decayed", &it.decayed),
        ("points", &it.points),
        ("game overs", &it.game_overs),
        ("warned", &it.warned),
        ("deferred", &known(it.deferred)),
        ("unreadable", &it.unreadable),
        ("locked", &it.locked),
    ]);
    said + &passed_over(it.reasons.as_deref().unwrap_or_default())
}

fn exec(it: &ExecResult) -> String {
    let how = match (it.command_exit_code, it.command_signal) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "was ended".to_owned(),
    };
    format!("{} {how}, after {} of output", it.command, counted(i64::try_from(it.lines).unwrap_or(i64::MAX), "line"))
}

fn plan(it: &ProcessPlan) -> String {
    let said = figures(&[("detected", &it.detected), ("processed", &it.processed), ("deferred", &it.deferred)]);
    said + &passed_over(&it.reasons)
}

/// What a dry run would pass over, by rule.
fn passed_over(reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let rows = reasons.iter().map(|reason| {
        let first = reason.first.first().map(|id| name(id)).unwrap_or_default();
        [reason.count.to_string(), reason.rule.as_str().replace('_', " "), first]
    });
    format!("\n\n{}", Rows::new().header(["passed over", "why", "for example"]).rows(rows).show())
}

fn conversations(it: &ProcessResult) -> String {
    let mut said = figures(&[
        ("detected", &it.detected),
        ("processed", &it.processed),
        ("partial", &it.partial),
        ("skipped", &it.skipped),
        ("retrying", &it.retrying),
        ("failed", &it.failed),
        ("released", &it.released),
        ("deferred", &it.deferred),
        ("cost", &dollars(it.cost_usd.parse().unwrap_or_default())),
    ]);
    if !it.stage_timings.is_empty() {
        let mut table = Rows::new().header(["stage", "runs", "p50 ms", "p95 ms", "max ms", "errors"]).right(1..6);
        for (stage, timing) in &it.stage_timings {
            let errors = it.stage_errors.get(stage).map_or(0, |errors| errors.count);
            table.row([
                stage.to_string(),
                timing.count.to_string(),
                timing.p50_ms.to_string(),
                timing.p95_ms.to_string(),
                timing.max_ms.to_string(),
                errors.to_string(),
            ]);
        }
        said = format!("{said}\n\n{}", table.show());
    }
    for entry in &it.conversations {
        if let Some(error) = &entry.error {
            let _ = write!(said, "\n{} {}: {}", entry.status, entry.conversation_id, flat(error));
        }
    }
    said
}

fn conversation_plan(it: &ConversationPlan) -> String {
    format!("dry run, nothing was written: conversation {} would be processed", it.conversation_id)
}

/// One conversation that an operator had processed.
fn one_conversation(result: &JobResult, it: &ConversationResult) -> String {
    let entry = &it.entry;
    let status = if it.stopped { result.common.status.as_str() } else { entry.status.as_str() };
    let mut said = format!("conversation {}: {status} ({} ms)", entry.conversation_id, result.common.duration_ms);
    if let Some(why) = &entry.error {
        let _ = write!(said, "\n{}", flat(why));
    }
    if !entry.stage_results.is_empty() {
        let mut table = Rows::new().header(["stage", "ms", "outcome"]).right([1]);
        for (stage, ended) in &entry.stage_results {
            let outcome = ended.error.clone().unwrap_or_else(|| "ok".to_owned());
            table.row([stage.to_string(), format!("{:.1}", ended.duration_ms), outcome]);
        }
        said = format!("{said}\n\n{}", table.show());
    }
    said
}

fn recoveries(it: &RecoverResult) -> String {
    let mut said = figures(&[("recovered", &it.recovered), ("deferred", &known(it.deferred)), ("locked", &it.locked)]);
    for entry in &it.recoveries {
        let _ = write!(said, "\n{} -> {}: {}", entry.name(), entry.to(), flat(entry.reason()));
    }
    for entry in &it.errors {
        let _ = write!(said, "\n{} not recovered: {}", entry.name(), flat(entry.error()));
    }
    said
}

fn scan(it: &ScanResult) -> String {
    let mut said = figures(&[
        ("scanned", &it.scanned),
        ("recovered", &it.recoveries_count),
        ("deferred", &it.deferred),
        ("locked", &it.locked),
        ("stuck conversations", &known(it.stuck_conversations)),
        ("pruned", &it.pruned),
    ]);
    for entry in &it.recoveries {
        let what = if entry.success { "-> failed" } else { "not recovered" };
        let _ = write!(said, "\n{} {} {what}: {}", entry.kind, entry.id, flat(&entry.reason));
        if let Some(error) = &entry.error {
            let _ = write!(said, " ({})", flat(error));
        }
    }
    if it.stuck_conversations.is_some_and(|many| many > 0) {
        let _ = write!(said, "\nConversations are stuck; nikita-jobs recover takes care of them.");
    }
    said
}

fn judgement(it: &Judgement, now: Option<DateTime<Utc>>) -> String {
    let name = match (it.audit_id, it.execution_id) {
        (Some(id), _) => format!("audit {id}"),
        (None, Some(id)) => format!("execution {id}"),
        (None, None) => "record".to_owned(),
    };
    let verdict = if it.is_healthy { "healthy" } else { "unhealthy" };
    let mut said = format!("{name}: {}, {verdict}", it.status);
    for issue in &it.issues {
        let _ = write!(said, "\n  {}", flat(issue));
    }
    let owner = if it.task_running { "holds a live lease" } else { "holds no live lease" };
    let at = instant(it.last_activity, now);
    let _ = write!(said, "\n  last activity {at}; its owner {owner}");
    said
}

/// The line above a run's figures: job, status and duration.
fn heading(result: &JobResult) -> String {
    let common = &result.common;
    let job = common.job.as_deref().unwrap_or_default();
    let kind = if common.dry_run { "dry run, nothing was written" } else { common.status.as_str() };
    format!("{job}: {kind} ({} ms)\n", common.duration_ms)
}

/// A total, which may be none.
fn known(total: Option<i64>) -> String {
    total.map_or_else(|| "unknown".to_owned(), |many| many.to_string())
}

/// Figures as a table of one row.
fn figures(of: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut table = Rows::new().header(of.iter().map(|(label, _)| *label));
    table.row(of.iter().map(|(_, figure)| figure.to_string()));
    table.show()
}

/// A borderless table, as wide as it needs to be. The demo's report sets its own width.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}
