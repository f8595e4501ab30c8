//! Executions as they stand after they have run.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::db::Db;
use super::seed::at;

/// A row of `job_executions`.
#[derive(Clone, Debug)]
pub struct Past {
    pub id: Uuid,
    pub job: &'static str,
    /// Seconds from `seed::NOW`, hence negative.
    pub began: i64,
    pub status: &'static str,
    pub duration_ms: i64,
    pub cost_usd: f64,
    pub conversations: Vec<Value>,
    /// Where it ran.
    pub host: Option<&'static str>,
    /// Fields of its result, which win over those that follow from the rest.
    pub fields: Value,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            id: Uuid::new_v4(),
            job: "process-conversations",
            began: -600,
            status: "completed",
            duration_ms: 1_000,
            cost_usd: 0.0,
            conversations: Vec::new(),
            host: None,
            fields: json!({}),
        }
    }
}

/// A conversation's entry, with the same stages for each: name, milliseconds, whether it failed.
pub fn entry(status: &str, total_ms: i64, stages: &[(&str, f64, bool)]) -> Value {
    let stage = |(name, ms, failed): &(&str, f64, bool)| {
        let error = failed.then_some("rehearsed");
        let status = if *failed { "failed" } else { "success" };
        ((*name).to_owned(), json!({"status": status, "duration_ms": ms, "error": error}))
    };
    let stages: Map<_, _> = stages.iter().map(stage).collect();
    json!({"conversation_id": Uuid::new_v4(), "status": status, "total_duration_ms": total_ms, "stage_results": stages, "error": null})
}

impl Past {
    /// The stored result, with the counters that follow from its conversations.
    pub fn result(&self) -> Value {
        let count = |statuses: &[&str]| {
            self.conversations.iter().filter(|it| statuses.contains(&it["status"].as_str().expect("a status"))).count()
        };
        let mut result = json!({
            "job": self.job, "status": if self.status == "completed" { "ok" } else { "error" },
            "processed": count(&["success", "partial_success", "skipped"]), "partial": count(&["partial_success"]),
            "skipped": count(&["skipped"]), "retrying": count(&["retrying"]), "failed": count(&["failed"]),
            "released": count(&["released"]), "conversations": self.conversations,
        });
        for (name, value) in self.fields.as_object().expect("fields") {
            result[name] = value.clone();
        }
        result
    }

    fn values(&self) -> String {
        let Self { id, job, began, status, duration_ms, cost_usd, .. } = self;
        let host = self.host.map_or_else(|| "null".to_owned(), |host| format!("'{}'", host.replace('\'', "''")));
        let result = self.result().to_string().replace('\'', "''");
        let (start, end) = (at(*began), at(began + duration_ms / 1000));
        format!("('{id}', '{job}', {start}, {end}, {end}, '{status}', '{result}', {duration_ms}, {cost_usd}, {host})")
    }
}

/// Inserts them.
pub fn insert(db: &Db, past: &[Past]) {
    for some in past.chunks(500) {
        let values: Vec<_> = some.iter().map(Past::values).collect();
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, result, duration_ms, cost_usd, host) values {}",
            values.join(", ")
        ));
    }
}

/// Rows that another program may have written: no result, any JSON, any name, text that would like to be markup.
pub fn odd_rows(db: &Db) {
    let results = [
        "null",
        "'null'",
        "'[]'",
        "'\"text\"'",
        "'{\"conversations\": 7}'",
        "'{\"conversations\": {\"0\": 1}}'",
        "'{\"conversations\": [1, null, \"a\", [], {}, {\"stage_results\": [1]}, {\"stage_results\": {\"a\": 1, \"b\": {}, \"c\": {\"duration_ms\": \"x\"}}}]}'",
        "'{\"conversations\": [{\"total_duration_ms\": 1e300, \"stage_results\": {\"<script>alert(1)</script>\": {\"status\": \"failed\", \"duration_ms\": -1}}}]}'",
        "'{\"conversations\": [{\"conversation_id\": \"\\\"><img src=x onerror=alert(1)>\", \"status\": [1], \"total_duration_ms\": 90000000}], \"processed\": -5, \"failed\": \"many\", \"partial\": 1e99}'",
        "'{\"error\": {\"message\": \"</td><script>alert(2)</script>\"}, \"progress\": {\"done\": \"x\"}}'",
    ];
    let names =
        ["process-conversations", "<script>alert(3)</script>", "\"><img src=x onerror=alert(4)>", "other\u{1b}[31m"];
    let mut values = Vec::new();
    for (i, result) in results.iter().enumerate() {
        for (j, name) in names.iter().enumerate() {
            let status = ["running", "completed", "failed"][(i + j) % 3];
            let began = at(-100 - i64::try_from(i * 10 + j).expect("small"));
            values.push(format!("('{name}', {began}, '{status}', {result})"));
        }
    }
    if !db.is_postgres() {
        values.push(format!("('process-conversations', {}, 'completed', 'not JSON {{')", at(-50)));
    }
    db.execute(&format!(
        "insert into job_executions (job_name, started_at, status, result) values {}",
        values.join(", ")
    ));
}
