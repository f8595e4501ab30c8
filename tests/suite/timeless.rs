//! A row without a time is seen all the same (spec 02, "What others made"): the next time that it has counts; without any, it is the
//! oldest. Other programs' tables, and files that were made by hand, hold such rows.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, conversation, transcript};

const HOUR: i64 = 3600;

/// Another program's table, where these columns can be null, or, on SQLite, any text.
fn relax(db: &Db, table: &str, columns: &[&str]) {
    if db.is_postgres() {
        for column in columns {
            db.execute(&format!("alter table {table} alter column {column} drop not null"));
        }
        return;
    }
    let made = db.value(&format!("select sql from sqlite_schema where name = '{table}'"));
    let is_relaxed = |line: &str| columns.iter().any(|column| line.trim_start().starts_with(&format!("{column} ")));
    let relaxed = |line: &str| {
        let kept = line.replace(" not null", "");
        let end = if kept.ends_with(',') { "," } else { "" };
        kept.split_once(" check (").map_or(kept.clone(), |(column, _)| format!("{column}{end}"))
    };
    let lines: Vec<_> =
        made.lines().map(|line| if is_relaxed(line) { relaxed(line) } else { line.to_owned() }).collect();
    let made = lines.join("\n").replace('\'', "''");
    db.execute(&format!(
        "pragma writable_schema = on; update sqlite_schema set sql = '{made}' where name = '{table}'; \
         pragma writable_schema = reset"
    ));
}

fn list(result: &Value, key: &str, field: &str) -> Vec<String> {
    result[key].as_array().unwrap().iter().map(|it| it[field].as_str().unwrap().to_owned()).collect()
}

on_every_database! {
    fn failures_without_a_time_are_listed_and_retried(db) {
        relax(db, "conversations", &["updated_at", "started_at"]);
        let failed = |updated: &str, processing: &str, error: &str| {
            let player = Player::default().insert(db);
            let id = conversation(db, player, -2 * HOUR, &transcript(&["Hello."]));
            db.execute(&format!(
                "update conversations set status = 'failed', processing_attempts = 3, last_error = '{error}', \
                 started_at = null, updated_at = {updated}, processing_started_at = {processing} where id = '{id}'"
            ));
            id.to_string()
        };
        let timeless = failed("null", "null", "summary: odd");
        let known = failed(&at(-2 * HOUR), "null", "SUMMARY: odd");
        let begun = failed("null", &at(-HOUR / 2), "summary: odd");
        let found = |args: &[&str]| {
            let args: Vec<_> = ["failures", "--now", NOW].iter().chain(args).copied().collect();
            let result = db.run(&args).code(0).json();
            let listed = list(&result, "conversations", "conversation_id");
            assert_eq!(result["total"], listed.len(), "{result}");
            listed
        };
        assert_eq!(found(&[]), [begun.as_str(), &known, &timeless], "the latest first");
        assert_eq!(found(&["--since", "1h"]), [begun.as_str()]);
        // A stage is a word in one spelling.
        assert_eq!(found(&["--stage", "summary"]), [begun.as_str(), &timeless]);
        let retried = |args: &[&str]| {
            let args: Vec<_> = ["retry", "--failed", "--now", NOW].iter().chain(args).copied().collect();
            db.run(&args).code(0).json()["retried"].clone()
        };
        assert_eq!(retried(&["--since", "1h", "--dry-run"]), 1);
        assert_eq!(retried(&[]), 3);
    }

    /// Another program's clock had jumped. The next time that the conversation has counts; a little ahead, a time is believed.
    fn a_time_in_the_far_future_keeps_no_conversation_in_processing(db) {
        let far = if db.is_postgres() { "'infinity'" } else { "'9999-12-31T00:00:00.000000Z'" };
        let held = |updated: &str, processing: &str, started: &str| {
            let player = Player::default().insert(db);
            let id = conversation(db, player, -9 * HOUR, &transcript(&["Hello."]));
            db.execute(&format!(
                "update conversations set status = 'processing', processing_attempts = 1, updated_at = {updated}, \
                 processing_started_at = {processing}, started_at = {started} where id = '{id}'"
            ));
            id.to_string()
        };
        let timeless = held(far, far, far);
        let started = held(far, far, &at(-9 * HOUR));
        let begun = held(far, &at(-2 * HOUR), &at(-9 * HOUR));
        held(far, &at(-600), &at(-9 * HOUR));
        held(&at(60), &at(-2 * HOUR), &at(-9 * HOUR));
        assert_eq!(db.run(&["health", "--now", NOW]).json()["stuck_conversations"], 3);
        let result = db.run(&["recover", "--force", "--now", NOW]).code(0).json();
        assert_eq!(list(&result, "recoveries", "conversation_id"), [timeless, started, begun], "{result}");
        assert_eq!(list(&result, "recoveries", "reason")[1..], ["No activity for 540 minutes", "No activity for 120 minutes"]);
    }

    fn runs_without_a_beginning_are_listed(db) {
        relax(db, "job_executions", &["started_at"]);
        let run = |job: &str, status: &str, started: &str, completed: &str| {
            let id = Uuid::new_v4();
            db.execute(&format!(
                "insert into job_executions (id, job_name, status, started_at, completed_at) \
                 values ('{id}', '{job}', '{status}', {started}, {completed})"
            ));
            id.to_string()
        };
        let ended = run("nightly", "completed", "null", &at(-HOUR / 2));
        run("nightly", "completed", "null", "null");
        let older = run("weekly", "completed", &at(-3 * HOUR), "null");
        run("weekly", "failed", "null", &at(-4 * HOUR));
        let never_said = run("yearly", "failed", "null", "null");
        let live = [run("long", "running", &at(-5 * HOUR), "null"), run("endless", "running", "null", "null")];
        let status = |args: &[&str]| {
            let args: Vec<_> = ["status", "--now", NOW].iter().chain(args).copied().collect();
            db.run(&args).code(0).json()
        };
        assert_eq!(list(&status(&["--since", "1h"]), "runs", "execution_id"), [ended.as_str()]);
        assert_eq!(list(&status(&["--since", "1h", "--job", "weekly"]), "runs", "execution_id"), [""; 0]);
        assert_eq!(list(&status(&["--since", "1000d", "--state", "completed"]), "runs", "execution_id"), [ended.as_str(), &older]);
        let found = status(&[]);
        assert_eq!(list(&found, "live", "execution_id"), live, "the newest first");
        let latest = |job: &str| {
            let jobs = found["jobs"].as_array().unwrap();
            jobs.iter().find(|it| it["job"] == job).map(|it| it["execution"]["execution_id"].clone())
        };
        assert_eq!([latest("nightly"), latest("weekly"), latest("yearly")], [ended, older, never_said].map(|it| Some(json!(it))));
    }

    fn what_is_known_without_a_time_is_in_the_prompt(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        for (table, columns, values) in [
            ("conversation_threads", "content", "'How the exam went.'"),
            ("nikita_thoughts", "content", "'He sounded tired.'"),
            ("memory_facts", "graph_type, fact", "'user', 'Works as a nurse.'"),
        ] {
            relax(db, table, &["created_at"]);
            db.execute(&format!("insert into {table} (user_id, created_at, {columns}) values ('{user}', null, {values})"));
        }
        let result = db.run(&["prompt", "render", "--user", &user.to_string()]).code(0).json();
        let prompt = result["prompt"].as_str().unwrap();
        for part in ["How the exam went.", "He sounded tired.", "Works as a nurse."] {
            assert!(prompt.contains(part), "{part} is not in {prompt}");
        }
    }

    fn the_latest_summaries_are_those_with_a_time(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        for (number, processed) in ["null", &at(-5 * HOUR), &at(-4 * HOUR), &at(-3 * HOUR), &at(-2 * HOUR), &at(-HOUR)].iter().enumerate() {
            let id = conversation(db, user, -6 * HOUR, &transcript(&["Hello."]));
            db.execute(&format!(
                "update conversations set status = 'processed', processed_at = {processed}, \
                 conversation_summary = 'They spoke of subject {number}.' where id = '{id}'"
            ));
        }
        let result = db.run(&["prompt", "render", "--user", &user.to_string()]).code(0).json();
        let prompt = result["prompt"].as_str().unwrap();
        assert!(prompt.contains("subject 5") && !prompt.contains("subject 0"), "{prompt}");
    }
}

/// In a file that was made by hand, times can stand as `datetime('now')` writes them. As texts they come before all of ours of that day.
#[test]
fn times_as_datetime_writes_them_are_compared_as_times() {
    let db = Db::sqlite();
    relax(&db, "conversations", &["last_message_at", "ended_at", "updated_at", "started_at"]);
    let chat = conversation(&db, Player::default().insert(&db), -HOUR, &transcript(&["I work as a nurse."]));
    let call = conversation(&db, Player::default().insert(&db), -HOUR, &transcript(&["I work as a nurse."]));
    let set = |id: Uuid, columns: &str| db.execute(&format!("update conversations set {columns} where id = '{id}'"));
    let taken = |id: Uuid| {
        let why = db.run(&["why", &id.to_string(), "--now", NOW]).code(0).json();
        why["entries"][0]["taken"].clone()
    };
    let processed = || db.run(&["process-conversations", "--force", "--now", NOW]).code(0).json()["processed"].clone();
    set(chat, "last_message_at = '2026-11-18 11:50:00'");
    set(call, "platform = 'voice', last_message_at = null, ended_at = '2026-11-18 12:30:00'");
    assert_eq!((taken(chat), taken(call), processed()), (json!(false), json!(false), json!(0)), "they go on");
    set(chat, "last_message_at = '2026-11-18 11:40:00'");
    set(call, "ended_at = '2026-11-18 11:59:00'");
    assert_eq!((taken(chat), taken(call), processed()), (json!(true), json!(true), json!(2)), "they are over");

    let recovered = || db.run(&["recover", "--force", "--now", NOW]).code(0).json()["recovered"].clone();
    set(chat, "status = 'processing', updated_at = '2026-11-18 11:45:00'");
    assert_eq!(recovered(), 0, "another program is at it");
    set(chat, "updated_at = '2026-11-18 11:15:00'");
    assert_eq!(recovered(), 1);
    set(chat, "updated_at = '2026-11-18 11:15:00'");
    set(call, "status = 'failed', updated_at = '2026-11-18 10:45:00'");
    let failures = |since: &str| {
        let result = db.run(&["failures", "--since", since, "--now", NOW]).code(0).json();
        list(&result, "conversations", "conversation_id")
    };
    assert_eq!(failures("1h"), [chat.to_string()]);
    assert_eq!(failures("2h"), [chat.to_string(), call.to_string()]);
}

#[test]
fn a_run_whose_end_is_as_datetime_writes_it_closes_the_window() {
    let db = Db::sqlite();
    relax(&db, "job_executions", &["started_at", "completed_at"]);
    let other = Uuid::new_v4();
    db.execute(&format!(
        "insert into job_executions (id, job_name, status, started_at, completed_at) \
         values ('{other}', 'decay', 'completed', '2026-11-18 11:40:00', '2026-11-18 11:50:00')"
    ));
    let skipped = |now: &str| db.run(&["decay", "--window", "50m", "--now", now]).json()["status"] == "skipped";
    assert!(skipped("2026-11-18T12:39:59Z"));
    // The clock has gone back further than a window: not believed.
    assert!(!skipped("2026-11-18T10:59:59Z"));
    assert!(!skipped("2026-11-18T12:40:01Z"));
}

#[test]
fn a_run_that_began_as_datetime_writes_it_is_listed_and_counted() {
    let db = Db::sqlite();
    relax(&db, "job_executions", &["started_at", "completed_at"]);
    let failed = |began: &str| {
        let id = Uuid::new_v4().to_string();
        db.execute(&format!(
            "insert into job_executions (id, job_name, status, started_at, completed_at) \
             values ('{id}', 'decay', 'failed', datetime('now', '{began}'), datetime('now', '{began}'))"
        ));
        id
    };
    let (later, earlier) = (failed("-30 minutes"), failed("-90 minutes"));
    for (since, expected) in [("1h", vec![later.clone()]), ("2h", vec![later, earlier])] {
        let listed = db.run(&["status", "--since", since]).code(0).json();
        assert_eq!(list(&listed, "runs", "execution_id"), expected, "{since}: {listed}");
        let counted = db.run(&["stats", "--since", since]).code(0).json();
        assert_eq!(counted["jobs"]["decay"]["failed"], expected.len(), "{since}: {counted}");
    }
}

/// Of another program's runs, decay reads when they ended, whatever the spelling, and passes over what is no time.
#[test]
fn a_run_whose_end_is_spelled_in_another_way_is_read_or_passed_over() {
    for (spelled, is_read) in [
        ("2026-11-18T11:50:00.123456", true),
        ("2026-11-18T11:50:00", true),
        ("2026-11-18 11:50", true),
        ("2026-11-18T11:50:00+00:00", true),
        ("2026-11-18T10:77:00", false),
        ("2026-11-18 soon", false),
    ] {
        let db = Db::sqlite();
        relax(&db, "job_executions", &["started_at", "completed_at"]);
        let player = Player { last_interaction: at(-100 * HOUR), ..Player::default() }.insert(&db);
        for completed in [spelled, "2026-11-18T09:00:00.000000Z"] {
            db.execute(&format!(
                "insert into job_executions (id, job_name, status, started_at, completed_at) \
                 values ('{}', 'decay', 'completed', '2026-11-18T08:59:00.000000Z', '{completed}')",
                Uuid::new_v4()
            ));
        }
        let windowed = db.run(&["decay", "--window", "50m", "--now", NOW]);
        assert_eq!(windowed.exit(), Some(if is_read { 75 } else { 0 }), "{spelled}: {}", windowed.all());
        db.run(&["decay", "--force", "--now", NOW]).code(0);
        // Charged since ten to twelve, or since nine.
        let score = db.number(&format!("select relationship_score from users where id = '{player}'"));
        let hours = if is_read { 1.0 / 6.0 } else { 3.0 };
        assert!((score - (60.0 - 0.8 * hours)).abs() < 0.02, "{spelled}: {score}");
    }
}
