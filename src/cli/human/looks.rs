//! `health`, `stats`, `status`, `check` and `report` for a person.

use std::fmt::Write as _;

use comfy_table::CellAlignment;
use serde_json::Value;

use super::{table, text};
use crate::cli::figures::{dollars, millis, name, percent, whole};
use crate::core::span::span;
use crate::core::text::{first_chars, one_line};

pub fn health(result: &Value) -> String {
    let mut said = text(&result["status"]);
    for reason in list(&result["reasons"]) {
        let _ = write!(said, "\n  {}", text(reason));
    }
    let judged = number(&result["judged_conversations"]);
    let outcome = match (result["recent_success_rate"].as_f64(), result["avg_duration_ms"].as_f64()) {
        (Some(rate), Some(ms)) => {
            format!("{:.1} % of the last {judged} processed, {} on average", rate * 100.0, millis(ms))
        }
        (Some(rate), None) => format!("{:.1} % of the last {judged} processed", rate * 100.0),
        _ => "none yet".to_owned(),
    };
    let oldest = result["oldest_pending_seconds"].as_i64();
    let oldest = oldest.map_or_else(String::new, |oldest| format!(", the oldest for {}", span(oldest)));
    let [conversations, runs] = ["stuck_conversations", "stuck_executions"].map(|field| number(&result[field]));
    let stuck = if (conversations, runs) == (0, 0) {
        "nothing".to_owned()
    } else {
        format!("{} conversations, {} runs", whole(conversations), whole(runs))
    };
    let completed = result["last_completed_at"].as_str().map_or_else(|| "never".to_owned(), time);
    let rows = [
        ("conversations", outcome),
        ("pending", format!("{}{oldest}", whole(number(&result["pending"])))),
        ("stuck", stuck),
        ("last completed run", completed),
    ];
    format!("{said}\n\n{}", pairs(rows))
}

pub fn stats(result: &Value) -> String {
    let [total, completed] = ["total_executions", "success_count"].map(|field| number(&result[field]));
    let cost: f64 = result["cost_usd"].as_str().and_then(|it| it.parse().ok()).unwrap_or_default();
    let outcomes = &result["conversations"];
    let outcome = |field: &str| whole(number(&outcomes[field]));
    let mut said = format!(
        "Since {}: {} runs of process-conversations, {} completed\n\n{}",
        time(&text(&result["since"])),
        whole(total),
        whole(completed),
        pairs([
            (
                "conversations",
                format!(
                    "{} processed, {} in part, {} to be retried, {} failed, {} closed unread, {} given back",
                    outcome("success"),
                    outcome("partial_success"),
                    outcome("retrying"),
                    outcome("failed"),
                    outcome("skipped"),
                    outcome("released")
                )
            ),
            ("cost", dollars(cost)),
            (
                "facts",
                format!(
                    "{} learned, {} of them nowhere in their transcript",
                    whole(number(&result["facts"]["learned"])),
                    whole(number(&result["facts"]["unsupported"]))
                )
            ),
            (
                "tokens",
                format!(
                    "{} sent, {} of them from a cache",
                    whole(number(&result["tokens"]["input"])),
                    whole(number(&result["tokens"]["cached"]))
                )
            ),
            ("slowest stage", result["slowest_stage"].as_str().map_or_else(|| "none".to_owned(), name)),
        ])
    );
    if let Some(stages) = result["count"].as_object().filter(|stages| !stages.is_empty()) {
        let mut table = table();
        table.set_header(["stage", "runs", "failed", "average", "p50", "p95", "max"]);
        for (stage, count) in stages {
            let ms = |field: &str| millis(result[field][stage].as_f64().unwrap_or_default());
            table.add_row([
                name(stage),
                whole(number(count)),
                whole(number(&result["failure_count"][stage])),
                ms("avg_duration_ms"),
                ms("p50_duration_ms"),
                ms("p95_duration_ms"),
                ms("max_duration_ms"),
            ]);
        }
        right(&mut table, 1..7);
        let _ = write!(said, "\n\n{table}");
        if result["sample_is_whole"] == false {
            let _ = write!(
                said,
                "\n\nOf the newest {} runs that met a conversation.",
                whole(number(&result["sampled_executions"]))
            );
        }
    }
    if let Some(jobs) = result["jobs"].as_object().filter(|jobs| !jobs.is_empty()) {
        let mut table = table();
        table.set_header(["job", "runs", "completed", "failed", "running"]);
        for (job, of) in jobs {
            let figure = |field: &str| whole(number(&of[field]));
            table.add_row([name(job), figure("total"), figure("completed"), figure("failed"), figure("running")]);
        }
        right(&mut table, 1..5);
        let _ = write!(said, "\n\n{table}");
    }
    said
}

pub fn status(result: &Value) -> String {
    if result["execution"].is_object() {
        return execution(&result["execution"]);
    }
    let mut table = table();
    table.set_header(["job", "latest run", "began", "took", "", "execution"]);
    for entry in list(&result["jobs"]) {
        let it = &entry["execution"];
        if it.is_null() {
            table.add_row([name(&text(&entry["job"])), "never ran".to_owned()]);
            continue;
        }
        let ago = format!("{} ago", span(number(&it["age_seconds"])));
        table.add_row([
            name(&text(&entry["job"])),
            standing(it),
            if it["status"] == "running" { time(&text(&it["started_at"])) } else { format!("ended {ago}") },
            took(it),
            progress(it).or_else(|| complaint(it)).unwrap_or_default(),
            name(&text(&it["execution_id"])),
        ]);
    }
    table.to_string()
}

fn execution(it: &Value) -> String {
    let mut rows = vec![
        ("began", time(&text(&it["started_at"]))),
        (if it["status"] == "running" { "running for" } else { "took" }, took(it)),
    ];
    if let Some(host) = it["host"].as_str() {
        rows.push(("host", format!("{}, process {}", name(host), text(&it["pid"]))));
    }
    if let Some(age) = it["heartbeat_age_seconds"].as_i64() {
        rows.push(("heartbeat", format!("{} ago", span(age))));
    }
    rows.extend(progress(it).map(|said| ("progress", said)));
    rows.extend(complaint(it).map(|said| ("error", said)));
    if let Some(cost) = it["cost_usd"].as_str() {
        rows.push(("cost", format!("${cost}")));
    }
    let head = format!("{} {}: {}", name(&text(&it["job"])), name(&text(&it["execution_id"])), standing(it));
    let figures = it["result"].as_object().into_iter().flatten().filter(|(field, value)| {
        !["exit_code", "duration_ms"].contains(&field.as_str()) && (value.is_number() || field.as_str() == "points")
    });
    let figures: Vec<_> = figures.map(|(field, value)| (name(&field.replace('_', " ")), text(value))).collect();
    let mut table = table();
    table.add_rows(rows.into_iter().map(|(label, value)| [label.to_owned(), value]));
    table.add_rows(figures.into_iter().map(|(label, value)| [label, value]));
    format!("{head}\n\n{table}")
}

/// `running, lease live`, or how it ended.
fn standing(it: &Value) -> String {
    let status = name(&text(&it["status"]));
    match it["lease"].as_str() {
        Some("dead") => format!("{status}, but its owner is dead"),
        Some("unknown") => format!("{status}, without a lease"),
        Some(_) => status,
        None => match it["result"]["status"].as_str() {
            Some("partial") => format!("{status} in part"),
            Some("interrupted") => format!("{status}, interrupted"),
            _ => status,
        },
    }
}

fn took(it: &Value) -> String {
    let ms = it["duration_ms"].as_f64().or_else(|| it["elapsed_ms"].as_f64());
    ms.map_or_else(|| "–".to_owned(), millis)
}

/// `120 of 400 conversations (30 %)`
fn progress(it: &Value) -> Option<String> {
    let done = it["progress"]["done"].as_i64()?;
    let unit = name(it["progress"]["unit"].as_str().unwrap_or("items"));
    Some(match it["progress"]["total"].as_i64() {
        Some(total) if total > 0 => format!("{} of {} {unit} ({})", whole(done), whole(total), percent(done, total)),
        _ => format!("{} {unit}", whole(done)),
    })
}

fn complaint(it: &Value) -> Option<String> {
    it.pointer("/result/error/message").and_then(Value::as_str).map(name)
}

pub fn check(result: &Value) -> String {
    let [checked, broken] = ["checked", "broken"].map(|field| number(&result[field]));
    if broken == 0 {
        return format!("All {} promises are kept.", whole(checked));
    }
    let mut said = format!("{} of {} promises are broken.", whole(broken), whole(checked));
    for promise in list(&result["promises"]) {
        let rows = list(&promise["rows"]);
        if rows.is_empty() {
            continue;
        }
        let _ = write!(said, "\n\n{}: {}", text(&promise["name"]), text(&promise["promise"]));
        if let Some(limits) = promise["limits"].as_str() {
            let _ = write!(said, "\n({limits})");
        }
        let mut table = table();
        table.add_rows(
            rows.iter()
                .map(|it| ["id", "found"].map(|field| first_chars(&one_line(&text(&it[field])), 200).to_owned())),
        );
        let _ = write!(said, "\n{table}");
        if promise["more"] == true {
            let _ = write!(said, "\nand more; --rows lists them");
        }
    }
    said
}

pub fn report(result: &Value) -> String {
    let bytes = number(&result["bytes"]);
    format!(
        "{}: since {}, {} KB; the pipeline is {}",
        text(&result["file"]),
        time(&text(&result["since"])),
        whole(bytes.div_euclid(1000).max(1)),
        text(&result["health"])
    )
}

fn pairs<const N: usize>(rows: [(&str, String); N]) -> String {
    let mut table = table();
    table.add_rows(rows.map(|(label, value)| [label.to_owned(), value]));
    table.to_string()
}

fn right(table: &mut comfy_table::Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// `2026-11-22 05:00 UTC`
fn time(rfc3339: &str) -> String {
    let at = rfc3339.parse::<chrono::DateTime<chrono::Utc>>();
    at.map_or_else(|_| name(rfc3339), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
