//! Results for a person: a short table.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::demo_report;
use crate::domain::result::{
    ConversationPlan, ConversationResult, DecayResult, JobResult, Judgement, MigrateResult, MigrationEntry, Own,
    ProcessPlan, ProcessResult, RecoverResult, ScanResult, SkipReason, SkipResult,
};

mod doctor;
mod looks;

/// The result of a command as a person reads it.
pub fn render(result: &JobResult) -> String {
    let Some(error) = &result.common.error else { return without_error(result) };
    let message = &error.message;
    if !matches!(result.own, Own::Decay(_) | Own::Process(_) | Own::Recover(_) | Own::Scan(_)) {
        return format!("error: {message}");
    }
    // What was done before it stopped, and why it stopped.
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
        Own::Health(it) => format!("{}{}", result.common.status, looks::health(it)),
        Own::Change(it) => format!("{}: the verdict was {}", result.common.status, it.was),
        own => self::own(own),
    }
}

/// What one command found, where the common fields say nothing about it.
pub fn own(own: &Own) -> String {
    match own {
        Own::Nothing {} | Own::Change(_) => String::new(),
        Own::Skip(it) => skipped(it),
        Own::Decay(it) => decay(it),
        Own::Process(it) => conversations(it),
        Own::ProcessPlan(it) => plan(it),
        Own::Conversation(it) => it.entry.conversation_id.to_string(),
        Own::ConversationPlan(it) => conversation_plan(it),
        Own::Recover(it) => recoveries(it),
        Own::Scan(it) => scan(it),
        Own::Judgement(it) => judgement(it),
        Own::Health(it) => looks::health(it),
        Own::Stats(it) => looks::stats(it),
        Own::Status(it) => looks::status(it),
        Own::Execution(it) => looks::execution(&it.execution),
        Own::Check(it) => looks::check(it),
        Own::Report(it) => looks::report(it),
        Own::Doctor(it) => doctor::render(it),
        Own::Migrate(it) => migrations(it),
        Own::Prompt(it) => it.prompt.clone(),
        Own::Demo(it) => demo_report::render(it),
        Own::BrokenOff(it) => demo_report::broken_off(it),
    }
}

fn skipped(it: &SkipResult) -> String {
    let why = match it.reason {
        SkipReason::RecentExecution => "skipped: a run completed a short while ago",
        SkipReason::AlreadyRunning => "skipped: another run is going on",
        SkipReason::PipelineDisabled => "skipped: the pipeline is switched off (UNIFIED_PIPELINE_ENABLED)",
    };
    match (it.blocked_by, it.reopens_at) {
        (Some(by), Some(at)) => {
            format!("{why}\n  execution {by}\n  reopens   {}", at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
        }
        _ => why.to_owned(),
    }
}

fn migrations(it: &MigrateResult) -> String {
    if it.additions.is_empty() && it.migrations.is_empty() {
        return "The schema is up to date.".to_owned();
    }
    let name = |it: &MigrationEntry| format!("{:04} {}", it.version, it.name);
    if it.dry_run {
        let added = it.additions.iter().map(|sql| format!("-- columns that are missing\n{sql};"));
        let sql = |it: &MigrationEntry| it.sql.clone().unwrap_or_default().trim_end().to_owned();
        let migrated = it.migrations.iter().map(|it| format!("-- migration {}\n{}", name(it), sql(it)));
        return added.chain(migrated).collect::<Vec<_>>().join("\n\n");
    }
    let added = it.additions.iter().map(|sql| format!("applied {sql}"));
    added.chain(it.migrations.iter().map(|it| format!("applied {}", name(it)))).collect::<Vec<_>>().join("\n")
}

fn decay(it: &DecayResult) -> String {
    figures(&[
        ("processed", &it.processed),
        ("decayed", &it.decayed),
        ("points", &it.points),
        ("game overs", &it.game_overs),
        ("warned", &it.warned),
        ("deferred", &it.deferred),
        ("unreadable", &it.unreadable),
    ])
}

fn plan(it: &ProcessPlan) -> String {
    figures(&[("detected", &it.detected), ("processed", &it.processed), ("deferred", &it.deferred)])
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
        ("cost usd", &it.cost_usd),
    ]);
    if !it.stage_timings.is_empty() {
        let mut table = table();
        table.set_header(["stage", "runs", "p50 ms", "p95 ms", "max ms", "errors"]);
        for (stage, timing) in &it.stage_timings {
            let errors = it.stage_errors.get(stage).map_or(0, |errors| errors.count);
            table.add_row([
                stage.to_string(),
                timing.count.to_string(),
                timing.p50_ms.to_string(),
                timing.p95_ms.to_string(),
                timing.max_ms.to_string(),
                errors.to_string(),
            ]);
        }
        said = format!("{said}\n\n{table}");
    }
    for entry in &it.conversations {
        if let Some(error) = &entry.error {
            let _ = write!(said, "\n{} {}: {error}", entry.status, entry.conversation_id);
        }
    }
    said
}

fn conversation_plan(it: &ConversationPlan) -> String {
    format!("dry run, nothing was written: conversation {} would be processed", it.conversation_id)
}

/// One conversation at an operator's wish.
fn one_conversation(result: &JobResult, it: &ConversationResult) -> String {
    let entry = &it.entry;
    let status = if it.stopped { result.common.status.as_str() } else { entry.status.as_str() };
    let mut said = format!("conversation {}: {status} ({} ms)", entry.conversation_id, result.common.duration_ms);
    if let Some(why) = &entry.error {
        let _ = write!(said, "\n{why}");
    }
    if !entry.stage_results.is_empty() {
        let mut table = table();
        table.set_header(["stage", "ms", "outcome"]);
        for (stage, ended) in &entry.stage_results {
            let outcome = ended.error.clone().unwrap_or_else(|| "ok".to_owned());
            table.add_row([stage.to_string(), format!("{:.1}", ended.duration_ms), outcome]);
        }
        said = format!("{said}\n\n{table}");
    }
    said
}

fn recoveries(it: &RecoverResult) -> String {
    let mut said = figures(&[("recovered", &it.recovered), ("deferred", &it.deferred)]);
    for entry in &it.recoveries {
        let _ = write!(said, "\n{} -> {}: {}", entry.name(), entry.to(), entry.reason());
    }
    for entry in &it.errors {
        let _ = write!(said, "\n{} not recovered: {}", entry.name(), entry.error());
    }
    said
}

fn scan(it: &ScanResult) -> String {
    let mut said = figures(&[
        ("scanned", &it.scanned),
        ("recoveries count", &it.recoveries_count),
        ("deferred", &it.deferred),
        ("stuck conversations", &it.stuck_conversations),
        ("pruned", &it.pruned),
    ]);
    for entry in &it.recoveries {
        let what = if entry.success { "-> failed" } else { "not recovered" };
        let _ = write!(said, "\n{} {} {what}: {}", entry.kind, entry.id, entry.reason);
        if let Some(error) = &entry.error {
            let _ = write!(said, " ({error})");
        }
    }
    if it.stuck_conversations > 0 {
        let _ = write!(said, "\nConversations are stuck; nikita-jobs recover takes care of them.");
    }
    said
}

fn judgement(it: &Judgement) -> String {
    let name = match (it.audit_id, it.execution_id) {
        (Some(id), _) => format!("audit {id}"),
        (None, Some(id)) => format!("execution {id}"),
        (None, None) => "record".to_owned(),
    };
    let verdict = if it.is_healthy { "healthy" } else { "unhealthy" };
    let mut said = format!("{name}: {}, {verdict}", it.status);
    for issue in &it.issues {
        let _ = write!(said, "\n  {issue}");
    }
    let owner = if it.task_running { "holds a live lease" } else { "holds no live lease" };
    let at = it.last_activity.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let _ = write!(said, "\n  last activity {at}; its owner {owner}");
    said
}

/// What kind of run it was, above its figures.
fn heading(result: &JobResult) -> String {
    let common = &result.common;
    let job = common.job.as_deref().unwrap_or_default();
    let kind = if common.dry_run { "dry run, nothing was written" } else { common.status.as_str() };
    format!("{job}: {kind} ({} ms)\n", common.duration_ms)
}

/// Figures in one table.
fn figures(of: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut table = table();
    table.set_header(of.iter().map(|(label, _)| *label));
    table.add_row(of.iter().map(|(_, figure)| figure.to_string()));
    table.to_string()
}

/// A borderless table, as wide as it needs to be.
pub fn table() -> Table {
    let mut table = Table::new();
    // Not fitted to the terminal's width: some terminals say that it is 0, and every column would be a letter wide.
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}
