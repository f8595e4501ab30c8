//! Results for a person: a short table.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::harmless::flat;
use super::{demo_report, terminal};
use crate::core::span::span;

mod doctor;
mod looks;
mod table;

use table::Rows;

/// The result of a command as a person reads it, in lines that fit the screen.
pub fn render(command: &str, result: &Value) -> String {
    let said = page(command, result);
    match terminal::width_of_stdout().filter(|_| !is_verbatim(command, result)) {
        Some(width) => terminal::fit(&said, width),
        None => said,
    }
}

/// Whether it is a text to be used as it is, which a broken line would change; the demo's report has a width of its own.
fn is_verbatim(command: &str, result: &Value) -> bool {
    let texts = ["prompt", "demo"].contains(&command) || (command == "migrate" && result["dry_run"] == true);
    texts && result["error"].is_null()
}

fn page(command: &str, result: &Value) -> String {
    let Some(message) = result.pointer("/error/message").and_then(Value::as_str) else {
        return without_error(command, result);
    };
    if ["processed", "recovered", "scanned"].iter().all(|figure| result.get(*figure).is_none()) {
        return format!("error: {}", flat(message));
    }
    // What was done before it stopped, and why it stopped.
    format!("{}\nerror: {}", without_error(command, result).trim_end(), flat(message))
}

fn without_error(command: &str, result: &Value) -> String {
    if result["status"] == "skipped" {
        return skipped(result);
    }
    match command {
        "migrate" => migrations(result),
        "process-conversations" if result["conversation_id"].is_string() => one_conversation(result),
        "process-conversations" => conversations(result),
        "recover" => recoveries(result),
        "prompt" => verbatim(&result["prompt"]),
        "scan-stuck" if result["is_healthy"].is_boolean() => judgement(result),
        "scan-stuck" => scan(result),
        "demo" => demo_report::render(result),
        "health" => looks::health(result),
        "stats" => looks::stats(result),
        "status" => looks::status(result),
        "check" => looks::check(result),
        "report" => looks::report(result),
        "doctor" => doctor::render(result),
        _ => figures(result, &["processed", "decayed", "points", "game_overs", "warned", "deferred", "unreadable"]),
    }
}

fn skipped(result: &Value) -> String {
    let (why, way_out) = match result["reason"].as_str() {
        Some("recent_execution") => ("a run completed a short while ago", "--force runs it now, whatever the window"),
        Some("already_running") => {
            ("another run is going on", "nikita-jobs status shows it; --force does not go past its lock")
        }
        Some("pipeline_disabled") => {
            ("the pipeline is switched off (UNIFIED_PIPELINE_ENABLED)", "--pipeline-enabled true runs it now")
        }
        other => return format!("skipped: {}", flat(other.unwrap_or("no reason given"))),
    };
    let now = result["started_at"].as_str();
    let mut said = format!("skipped: {why}");
    if let Some(by) = result["blocked_by"].as_str() {
        let _ = write!(said, "\n  execution  {}", flat(by));
    }
    if let Some(at) = result["reopens_at"].as_str() {
        let _ = write!(said, "\n  reopens    {}", instant(at, now));
    }
    let _ = write!(said, "\n  way out    {way_out}");
    said
}

fn migrations(result: &Value) -> String {
    let list = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let (additions, migrations) = (list("additions"), list("migrations"));
    if additions.is_empty() && migrations.is_empty() {
        return "The schema is up to date.".to_owned();
    }
    let name = |it: &Value| format!("{:04} {}", it["version"].as_i64().unwrap_or_default(), text(&it["name"]));
    if result["dry_run"] == true {
        let added = additions.iter().map(|it| format!("-- columns that are missing\n{};", verbatim(it)));
        let migrated =
            migrations.iter().map(|it| format!("-- migration {}\n{}", name(it), verbatim(&it["sql"]).trim_end()));
        return added.chain(migrated).collect::<Vec<_>>().join("\n\n");
    }
    let added = additions.iter().map(|it| format!("applied {}", text(it)));
    added.chain(migrations.iter().map(|it| format!("applied {}", name(it)))).collect::<Vec<_>>().join("\n")
}

fn conversations(result: &Value) -> String {
    let mut said = figures(
        result,
        &["detected", "processed", "partial", "skipped", "retrying", "failed", "released", "deferred", "cost_usd"],
    );
    if let Some(timings) = result["stage_timings"].as_object().filter(|timings| !timings.is_empty()) {
        let mut table = Rows::new().header(["stage", "runs", "p50 ms", "p95 ms", "max ms", "errors"]).right(1..6);
        for (stage, timing) in timings {
            let errors = &result["stage_errors"][stage]["count"];
            table.row([
                stage.clone(),
                text(&timing["count"]),
                text(&timing["p50_ms"]),
                text(&timing["p95_ms"]),
                text(&timing["max_ms"]),
                if errors.is_null() { "0".to_owned() } else { text(errors) },
            ]);
        }
        said = format!("{said}\n\n{}", table.show());
    }
    let troubles = result["conversations"].as_array().map(Vec::as_slice).unwrap_or_default();
    for entry in troubles.iter().filter(|entry| entry["error"].is_string()) {
        let _ =
            write!(said, "\n{} {}: {}", text(&entry["status"]), text(&entry["conversation_id"]), text(&entry["error"]));
    }
    said
}

/// One conversation at an operator's wish.
fn one_conversation(result: &Value) -> String {
    if result["dry_run"] == true {
        return format!(
            "dry run, nothing was written: conversation {} would be processed",
            text(&result["conversation_id"])
        );
    }
    let mut said = format!(
        "conversation {}: {} ({} ms)",
        text(&result["conversation_id"]),
        text(&result["status"]),
        text(&result["duration_ms"])
    );
    if let Some(why) = result["error"].as_str() {
        let _ = write!(said, "\n{}", flat(why));
    }
    if let Some(stages) = result["stage_results"].as_object().filter(|stages| !stages.is_empty()) {
        let mut table = Rows::new().header(["stage", "ms", "outcome"]).right([1]);
        for (stage, ended) in stages {
            let ms = format!("{:.1}", ended["duration_ms"].as_f64().unwrap_or_default());
            table.row([stage.clone(), ms, ended["error"].as_str().unwrap_or("ok").to_owned()]);
        }
        said = format!("{said}\n\n{}", table.show());
    }
    said
}

fn recoveries(result: &Value) -> String {
    let mut said = figures(result, &["recovered", "deferred"]);
    for entry in list(result, "recoveries") {
        let [to, reason] = ["to", "reason"].map(|field| text(&entry[field]));
        let _ = write!(said, "\n{} -> {to}: {reason}", id(entry));
    }
    for entry in list(result, "errors") {
        let _ = write!(said, "\n{} not recovered: {}", id(entry), text(&entry["error"]));
    }
    said
}

/// A conversation's id, or the kind and the id of another record.
fn id(entry: &Value) -> String {
    match entry["conversation_id"].as_str() {
        Some(id) => flat(id),
        None => format!("{} {}", text(&entry["kind"]), text(&entry["id"])),
    }
}

fn scan(result: &Value) -> String {
    let mut said = figures(result, &["scanned", "recoveries_count", "deferred", "stuck_conversations", "pruned"]);
    for entry in list(result, "recoveries") {
        let what = if entry["success"] == true { "-> failed" } else { "not recovered" };
        let _ = write!(said, "\n{} {what}: {}", id(entry), text(&entry["reason"]));
        if let Some(error) = entry["error"].as_str() {
            let _ = write!(said, " ({})", flat(error));
        }
    }
    if result["stuck_conversations"].as_u64().is_some_and(|count| count > 0) {
        let _ = write!(said, "\nConversations are stuck; nikita-jobs recover takes care of them.");
    }
    said
}

fn judgement(result: &Value) -> String {
    let (kind, id) = match result["audit_id"].as_str() {
        Some(id) => ("audit", id),
        None => ("execution", result["execution_id"].as_str().unwrap_or_default()),
    };
    let verdict = if result["is_healthy"] == true { "healthy" } else { "unhealthy" };
    let mut said = format!("{kind} {}: {}, {verdict}", flat(id), text(&result["status"]));
    for issue in list(result, "issues") {
        let _ = write!(said, "\n  {}", text(issue));
    }
    let owner = if result["task_running"] == true { "holds a live lease" } else { "holds no live lease" };
    let activity = result["last_activity"].as_str();
    let activity = activity.map_or_else(|| "none".to_owned(), |at| instant(at, result["started_at"].as_str()));
    let _ = write!(said, "\n  last activity {activity}; its owner {owner}");
    said
}

fn list<'a>(result: &'a Value, name: &str) -> &'a [Value] {
    result[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The result's figures in one table, with what kind of run it was above.
fn figures(result: &Value, names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().filter(|name| !result[**name].is_null()).collect();
    let mut table = Rows::new().header(shown.iter().map(|name| name.replace('_', " ")));
    table.row(shown.iter().map(|name| text(&result[**name])));
    let kind = if result["dry_run"] == true {
        "dry run, nothing was written"
    } else {
        result["status"].as_str().unwrap_or("")
    };
    format!("{}: {kind} ({} ms)\n{}", text(&result["job"]), text(&result["duration_ms"]), table.show())
}

/// A borderless table, as wide as it needs to be: the demo's report has a width of its own.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// A value on one line.
pub fn text(value: &Value) -> String {
    flat(&verbatim(value))
}

/// A text of several lines, such as a prompt.
fn verbatim(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// `2026-11-22 05:00 UTC (3 h ago)`
fn instant(rfc3339: &str, now: Option<&str>) -> String {
    let time = |text: &str| text.parse::<DateTime<Utc>>().ok();
    let Some(at) = time(rfc3339) else { return flat(rfc3339) };
    let absolute = at.format("%Y-%m-%d %H:%M UTC");
    match now.and_then(time).map(|now| (at - now).num_seconds()) {
        None => absolute.to_string(),
        Some(0) => format!("{absolute} (now)"),
        Some(ahead @ 1..) => format!("{absolute} (in {})", span(ahead)),
        Some(ago) => format!("{absolute} ({} ago)", span(-ago)),
    }
}
