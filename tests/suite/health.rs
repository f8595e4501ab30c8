//! `health`: the contract's fields, the exit codes 0, 3 and 1, and the rules at the database's edge. The rules' own borders are
//! tested in `src/core/health.rs`.

use std::net::TcpListener;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::contract::has_common_fields;
use crate::on_every_database;
use crate::support::bin::command;
use crate::support::db::Db;
use crate::support::history::{Past, entry, insert, odd_rows};
use crate::support::seed::{NOW, Player, at, conversation, time, transcript};

/// What only looks.
pub const LOOKS: [&[&str]; 3] = [&["health"], &["stats"], &["status"]];

fn health(db: &Db, status: &str, code: i32) -> Value {
    has_common_fields(&db.run(&["health", "--now", NOW]).code(code), "health", status, code)
}

/// A run every minute, ten conversations each, the newest first.
fn runs(statuses: &[&str]) -> Vec<Past> {
    let run = |(i, statuses): (usize, &[&str])| Past {
        began: -60 * i64::try_from(i + 1).unwrap(),
        conversations: statuses.iter().map(|status| entry(status, 500, &[])).collect(),
        ..Past::default()
    };
    statuses.chunks(10).enumerate().map(run).collect()
}

fn due(db: &Db, seconds: i64) -> Uuid {
    let player = Player::default().insert(db);
    conversation(db, player, -15 * 60 - seconds, &transcript(&["Hello"]))
}

fn some(count: usize, status: &'static str) -> Vec<&'static str> {
    vec![status; count]
}

on_every_database! {
    fn an_empty_database_is_healthy(db) {
        let result = health(db, "healthy", 0);
        assert_eq!(result["reasons"], json!([]));
        for (field, value) in [("recent_success_rate", json!(null)), ("avg_duration_ms", json!(null)),
            ("stuck_conversations", json!(0)), ("pending", json!(0)), ("oldest_pending_seconds", json!(null))] {
            assert_eq!(result[field], value, "{field} in {result}");
        }
        assert_eq!(db.run(&["health", "-q"]).code(0).all(), "");
    }

    fn what_was_recovered_lately_is_said_and_is_no_trouble(db) {
        let player = Player::default().insert(db);
        let old = at(-7200);
        db.execute(&format!(
            "insert into conversations (id, user_id, status, processing_attempts, started_at, last_message_at, updated_at) \
             values ('{0}', '{player}', 'processing', 1, {old}, {old}, {old})", Uuid::from_u128(1)
        ));
        db.execute(&format!(
            "insert into audit_reports (audit_id, audit_type, status, audit_date) values ('{}', 'books', 'in_progress', {old})",
            Uuid::from_u128(2)
        ));
        db.run(&["recover", "--now", NOW]).code(0);
        db.run(&["scan-stuck", "--now", NOW]).code(0);
        let found = db.run(&["health", "--now", NOW]).code(0).json();
        let said = "recovered in the last hour: 1 audit (inactive), 1 conversation (inactive)";
        assert_eq!(found["reasons"], json!([said]), "{found}");
        assert_eq!(found["recovered"][0], json!({"kind": "audit", "rule": "inactive", "count": 1}));
        let later = db.run(&["health", "--now", &time(3601)]).json();
        assert_eq!(later["recovered"], json!([]), "{later}");
    }

    fn only_the_last_hundred_conversations_count(db) {
        // 10 not well, 90 well; a hundred failures before them; runs without a conversation, and what says nothing, between.
        let mut statuses = some(5, "skipped");
        statuses.extend(some(5, "released"));
        statuses.extend(some(10, "failed"));
        statuses.extend(some(5, "partial_success"));
        statuses.extend(some(85, "success"));
        statuses.extend(some(100, "failed"));
        let mut past = runs(&statuses);
        past.extend((0..300).map(|i| Past { began: -i, ..Past::default() }));
        insert(db, &past);
        let result = health(db, "healthy", 0);
        assert_eq!((&result["recent_success_rate"], &result["judged_conversations"]), (&json!(0.9), &json!(100)));
        assert_eq!(result["avg_duration_ms"], 500.0);
        // One more that did not go well pushes one out that did.
        insert(db, &[Past { began: -1, conversations: vec![entry("retrying", 500, &[])], ..Past::default() }]);
        let result = health(db, "degraded", 3);
        assert_eq!(result["reasons"], json!(["only 89 of the last 100 conversations were processed"]));
        assert_eq!(result["recent_success_rate"], 0.89);
    }

    fn under_half_is_unhealthy(db) {
        let mut statuses = some(49, "success");
        statuses.extend(some(51, "failed"));
        insert(db, &runs(&statuses));
        let done = db.run(&["health", "--now", NOW, "-q"]).code(1);
        // Trouble speaks, also with -q.
        assert_eq!(done.json()["reasons"], json!(["only 49 of the last 100 conversations were processed"]));
    }

    fn pending_work_must_not_wait_for_an_hour(db) {
        insert(db, &[Past { began: -3500, duration_ms: 0, ..Past::default() }]);
        due(db, 3600);
        let result = health(db, "healthy", 0);
        assert_eq!((&result["pending"], &result["oldest_pending_seconds"]), (&json!(1), &json!(3600)));
        due(db, 3661);
        let result = health(db, "degraded", 3);
        assert_eq!(result["reasons"], json!(["the oldest pending conversation has waited for 1 h 1 min"]));
        // What will not be tried again waits for nobody.
        db.execute("update conversations set processing_attempts = 3");
        assert_eq!(health(db, "healthy", 0)["pending"], 0);
    }

    fn pending_work_without_a_completed_run_in_an_hour_is_unhealthy(db) {
        due(db, 60);
        let result = health(db, "unhealthy", 1);
        assert_eq!(result["reasons"], json!(["no run has completed ever, while 1 conversations wait"]));
        insert(db, &[
            Past { began: -3700, duration_ms: 0, ..Past::default() },
            Past { began: -60, status: "failed", ..Past::default() },
            Past { began: -60, job: "decay", ..Past::default() },
        ]);
        assert_eq!(health(db, "unhealthy", 1)["reasons"], json!(["no run has completed in 1 h 1 min, while 1 conversations wait"]));
        insert(db, &[Past { began: -3590, duration_ms: 0, ..Past::default() }]);
        health(db, "healthy", 0);
    }

    fn anything_stuck_is_degraded(db) {
        insert(db, &[Past::default()]);
        let id = due(db, 60);
        let token = Uuid::new_v4();
        db.execute(&format!("update conversations set status = 'processing', claim_token = '{token}', updated_at = {} where id = '{id}'", at(-1801)));
        let result = health(db, "degraded", 3);
        assert_eq!((&result["stuck_conversations"], &result["pending"]), (&json!(1), &json!(0)));
        db.execute("update conversations set status = 'processed', claim_token = null");
        health(db, "healthy", 0);
        db.execute(&format!("insert into job_executions (job_name, status, started_at, heartbeat_at) values ('decay', 'running', {0}, {0})", at(-300)));
        assert_eq!(health(db, "degraded", 3)["stuck_executions"], 1);
        // Another program's, which never had a lease, is not ours to judge here.
        db.execute("update job_executions set heartbeat_at = null where status = 'running'");
        health(db, "healthy", 0);
    }

    fn looking_writes_nothing_and_bears_the_rows_of_other_programs(db) {
        odd_rows(db);
        let folder = TempDir::new().unwrap();
        let page = folder.path().join("report.html");
        // A pooler takes no options; a URL with any is one to a pooler.
        let read_only = db.is_postgres() && !db.url.contains('?');
        let url = db.url.clone() + if read_only { "?options[default_transaction_read_only]=on" } else { "" };
        let before = db.rows("select count(*), max(heartbeat_at) from job_executions");
        for looks in LOOKS.iter().copied().chain([&["report", "-o", page.to_str().unwrap()][..]]) {
            for format in ["json", "human"] {
                let done = command(looks).args(&["--now", NOW, "--format", format]).env("DATABASE_URL", &url).done();
                // What is wrong with the rows is no failure of the command; health judges them.
                let done = if looks[0] == "health" { done } else { done.code(0) };
                assert!(!done.all().contains("panicked") && !done.stdout().contains("\"kind\""), "{looks:?}: {}", done.all());
                assert!(!done.stdout().contains('\u{1b}'), "{looks:?} moves the cursor: {:?}", done.stdout());
            }
        }
        assert_eq!(db.rows("select count(*), max(heartbeat_at) from job_executions"), before);
    }
}

#[test]
fn an_sqlite_file_with_an_older_schema_is_left_as_it_is() {
    let db = Db::sqlite();
    db.execute("drop index job_executions_worked; drop index job_executions_history; delete from nikita_jobs_migrations where version >= 5");
    for looks in LOOKS {
        let done = db.run(looks).code(78);
        assert!(done.error().contains("Run `nikita-jobs migrate`"), "{}", done.error());
    }
    assert_eq!(db.value("select count(*) from nikita_jobs_migrations where version >= 5"), "0");
}

#[test]
fn a_database_without_the_schema_says_what_to_do() {
    let db = Db::postgres_empty();
    for looks in LOOKS {
        let done = db.run(looks).code(78);
        assert!(done.error().contains("Run `nikita-jobs migrate`"), "{}", done.error());
    }
    assert_eq!(db.value("select count(*) from pg_catalog.pg_class where relname = 'nikita_jobs_migrations'"), "0");
}

on_every_database! {
    fn with_on_change_a_verdict_is_told_once_when_two_looks_agree(db) {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("health");
        let look = |code: i32| {
            let args = ["health", "--on-change", file.to_str().expect("a plain path"), "--format", "json"];
            db.run(&args).code(code).json()
        };
        assert_eq!(look(0)["changed"], false);
        crate::support::seed::backlog(db, 1);
        db.execute("update conversations set last_message_at = '2026-01-01T10:00:00.000000Z'");
        assert_eq!(look(0)["changed"], false, "one look may be chance");
        let told = look(3);
        assert_eq!((&told["changed"], &told["was"], &told["status"]), (&true.into(), &"healthy".into(), &"unhealthy".into()));
        assert_eq!(look(0)["changed"], false, "told once");
        db.execute("delete from conversations");
        look(0);
        let told = look(3);
        assert_eq!((&told["was"], &told["status"]), (&"unhealthy".into(), &"healthy".into()));
    }
}

/// A stop or a reboot alerts nobody (spec 06).
#[test]
fn a_check_that_a_signal_ends_is_no_verdict() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("health");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("postgres://nikita@{}/nikita?sslmode=disable", silent.local_addr().expect("its address"));
    let args = ["health", "--on-change", file.to_str().expect("a plain path"), "--format", "json"];
    let check = command(&args).env("DATABASE_URL", url).start();
    let _asks = silent.accept().expect("it connects");
    check.signal("TERM");
    check.done().code(143);
    assert!(!file.exists());
}
