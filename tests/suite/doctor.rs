//! `doctor` by the real binary: what it finds, what it says to do, and with which exit code. The judgements' own borders are tested
//! in `src/core/doctor`.

use serde_json::{Value, json};

use crate::contract::has_common_fields;
use crate::on_every_database;
use crate::support::JOBS;
use crate::support::bin::Bin;
use crate::support::db::Db;
use crate::support::history::{Past, insert};
use crate::support::seed::{NOW, at};
use host::Host;

mod database;
mod host;
mod models;
mod schedule;
mod settings;
mod sqlite;

/// Looks, and checks what holds for every look.
#[track_caller]
fn look(bin: Bin, status: &str, code: i32) -> Value {
    let done = bin.done().code(code);
    let result = has_common_fields(&done, "doctor", status, code);
    assert!(result["execution_id"].is_null() && result["started_at"].is_string(), "{result}");
    for check in result["checks"].as_array().expect("checks") {
        assert!(check["name"].as_str().unwrap().contains('.') && check["message"].is_string(), "{check}");
        let known = ["ok", "warning", "problem", "skipped"].contains(&check["status"].as_str().unwrap());
        let silent = !["warning", "problem"].contains(&check["status"].as_str().unwrap());
        assert!(known && (silent || check["remedy"].is_string()), "what is wrong has a remedy: {check}");
    }
    result
}

/// Status, message and remedy of the checks of this name.
fn of(result: &Value, name: &str) -> Vec<[String; 3]> {
    let checks = result["checks"].as_array().expect("checks");
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    let three = |check: &Value| ["status", "message", "remedy"].map(|field| text(&check[field]));
    checks.iter().filter(|check| check["name"] == name).map(three).collect()
}

/// Asserts that there is one such check, and what it says, remedy included.
#[track_caller]
fn says(result: &Value, name: &str, status: &str, words: &[&str]) {
    let found = of(result, name);
    let [[is, message, remedy]] = &found[..] else { panic!("not one {name} but {found:?} in {result}") };
    assert_eq!(is, status, "{message} {remedy}");
    let all = format!("{message} -> {remedy}");
    for word in words {
        assert!(all.contains(word), "{word:?} is not in {all:?}");
    }
}

/// The names of the checks with this status.
fn named(result: &Value, status: &str) -> Vec<String> {
    let checks = result["checks"].as_array().expect("checks").iter();
    checks.filter(|check| check["status"] == status).map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

fn run_all(db: &Db) {
    for job in JOBS {
        db.run(&[job, "--force"]).code(0);
    }
}

fn past(job: &'static str, seconds_ago: i64) -> Past {
    Past { job, began: -seconds_ago, duration_ms: 0, ..Past::default() }
}

on_every_database! {
    fn where_all_is_set_up_all_is_well(db) {
        let host = Host::with_timers();
        run_all(db);
        let result = look(host.doctor(db, &[]), "ok", 0);
        let of_database: &[&str] = if db.is_postgres() {
            &["database.place", "database.connection", "database.pooler", "database.transport", "database.proxy", "database.role", "database.clock", "database.access", "database.schema", "database.pgvector", "database.other_runner"]
        } else {
            &["database.place", "database.file", "database.file_system", "database.readers", "database.integrity", "database.journal", "database.schema"]
        };
        let mut expected = vec!["settings.sources", "settings.variables", "settings.template", "settings.secret_files", "models.language", "models.embeddings"];
        expected.extend(of_database);
        expected.extend(["schedule.installed", "schedule.window", "jobs.decay", "jobs.process_conversations", "jobs.recover", "jobs.scan_stuck", "data.ids", "data.times", "data.locks", "data.other_programs"]);
        assert_eq!(named(&result, "ok"), expected, "{result}");
        assert_eq!(result["checks"].as_array().unwrap().len(), expected.len());
        assert_eq!(host.doctor(db, &["-q"]).done().code(0).all(), "");
    }

    fn a_person_reads_topics_and_a_verdict(db) {
        let host = Host::with_timers();
        run_all(db);
        let said = host.doctor(db, &["--format", "human"]).done().code(0).stdout();
        let topics: Vec<_> = said.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
        assert_eq!(topics[..6], ["settings", "models", "database", "schedule", "jobs", "data"], "{said}");
        let checks = if db.is_postgres() { 27 } else { 23 };
        assert_eq!((topics.len(), topics[6]), (7, format!("All is well in {checks} checks.").as_str()), "{said}");
        assert!(said.contains("\n  ok       schema: ") && !said.contains('\u{1b}'), "{said:?}");
        let said = Host::bare().doctor(db, &["--format", "human"]).done().code(0).stdout();
        assert!(said.contains("  warning  installed: no schedule is installed on this host"), "{said}");
        assert!(said.contains("\n           -> Enable the timers"), "{said}");
        assert_eq!(said.lines().last(), Some(format!("The jobs can run; 1 warning in {checks} checks.").as_str()), "{said}");
    }

    fn it_only_reads(db) {
        run_all(db);
        let tables = ["job_executions", "job_leases", "provider_breakers", "nikita_jobs_migrations"];
        let rows = || tables.map(|table| db.rows(&format!("select * from {table}")));
        let before = rows();
        // A pooler takes no options; a URL with any is one to a pooler.
        let read_only = db.is_postgres() && !db.url.contains('?');
        let url = db.url.clone() + if read_only { "?options[default_transaction_read_only]=on" } else { "" };
        look(Host::with_timers().doctor(db, &[]).env("DATABASE_URL", url), "ok", 0);
        assert_eq!(rows(), before);
    }

    fn an_older_schema_is_named_and_left_alone(db) {
        db.execute("delete from nikita_jobs_migrations where version >= 5");
        // The next job migrates an SQLite file, and no PostgreSQL.
        let (status, check, code) = if db.is_postgres() { ("error", "problem", 78) } else { ("warning", "warning", 0) };
        let result = look(Host::bare().doctor(db, &[]), status, code);
        says(&result, "database.schema", check, &["migration 0005 (history) is missing", "`nikita-jobs migrate`"]);
        says(&result, "jobs.decay", "skipped", &["the database is not ready"]);
        assert_eq!(db.value("select max(version) from nikita_jobs_migrations"), "4");
    }

    fn a_newer_schema_is_a_problem(db) {
        db.execute("insert into nikita_jobs_migrations (version, name, applied_at) values (9999, 'future', '2030')");
        let result = look(Host::bare().doctor(db, &[]), "error", 78);
        says(&result, "database.schema", "problem", &["(version 9999) is newer than this binary", "Install the newer nikita-jobs"]);
    }

    fn a_job_that_has_not_run_is_overdue_after_three_intervals(db) {
        let host = Host::with_timers();
        insert(db, &[past("decay", 3 * 3600), past("process-conversations", 181), past("recover", 360),
            Past { status: "failed", ..past("scan-stuck", 10) }]);
        let result = look(host.doctor(db, &["--now", NOW]), "warning", 0);
        says(&result, "jobs.decay", "ok", &["decay completed 3 h ago"]);
        says(&result, "jobs.process_conversations", "warning", &["its last run completed 3 min ago, and one is due every 1 min", "systemctl list-timers"]);
        says(&result, "jobs.recover", "ok", &[]);
        says(&result, "jobs.scan_stuck", "warning", &["has a schedule here and has never completed a run"]);
        // Without a schedule here it may be another host's, and overdue all the same.
        let result = look(Host::bare().doctor(db, &["--now", NOW]), "warning", 0);
        says(&result, "jobs.process_conversations", "warning", &["overdue"]);
        says(&result, "jobs.scan_stuck", "ok", &["scan-stuck has never completed a run", "by hand"]);
        // One that is switched off does not run.
        let off = host.doctor(db, &["--now", NOW]).env("UNIFIED_PIPELINE_ENABLED", "false");
        says(&look(off, "warning", 0), "jobs.process_conversations", "skipped", &["UNIFIED_PIPELINE_ENABLED"]);
        // The schedule that is there counts, not the shipped one.
        host.file("etc/systemd/system/nikita-jobs-process-conversations.timer.d/override.conf", "[Timer]\nOnCalendar=\nOnCalendar=*:0/10\n");
        says(&look(host.doctor(db, &["--now", NOW]), "warning", 0), "jobs.process_conversations", "ok", &["3 min ago"]);
    }
}

#[test]
fn it_says_which_settings_count_and_where_they_come_from() {
    let (db, host) = (Db::sqlite(), Host::bare());
    host.file(".env", "NIKITA_DECAY_WINDOW=5m\nNIKITA_LEASE=60s\n");
    let bin = host.doctor(&db, &[]).env("NIKITA_LEASE", "80s").env("NIKITA_DECAY_WINDWO", "5m");
    let result = look(bin, "warning", 0);
    let said =
        ["from the environment: ", "DATABASE_URL", "NIKITA_LEASE", "from the env file .env: NIKITA_DECAY_WINDOW"];
    says(&result, "settings.sources", "ok", &said);
    says(
        &result,
        "settings.unknown",
        "warning",
        &["NIKITA_DECAY_WINDWO (the environment) is set", "NIKITA_DECAY_WINDOW"],
    );
    says(&result, "database.place", "ok", &["sqlite:/", ", by DATABASE_URL (the environment)"]);
    host.file(".env", "this is no env file\n");
    says(
        &look(host.doctor(&db, &[]), "warning", 0),
        "settings.env_file",
        "warning",
        &[".env is passed over", "--env-file"],
    );
}

#[test]
fn another_database_than_the_services_is_told() {
    let (db, host) = (Db::sqlite(), Host::bare());
    let theirs = "var/lib/private/nikita-jobs/nikita-jobs.sqlite";
    host.file(theirs, "");
    let result = look(host.doctor(&db, &[]), "warning", 0);
    says(&result, "database.services", "warning", &[theirs, "--database-url"]);
    let url = format!("sqlite:{}", host.path(theirs).display());
    let result = host.doctor(&db, &[]).env("DATABASE_URL", url).done().json();
    assert!(of(&result, "database.services").is_empty(), "{result}");
}

#[test]
fn a_file_that_everyone_can_read_is_told() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let (db, host) = (Db::sqlite(), Host::bare());
    set_permissions(db.file(), Permissions::from_mode(0o644)).unwrap();
    set_permissions(db.file().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    says(
        &look(host.doctor(&db, &[]), "warning", 0),
        "database.readers",
        "warning",
        &["and the conversations in it", "chmod o="],
    );
}

on_every_database! {
    fn rows_of_others_are_counted(db) {
        let host = Host::bare();
        insert(db, &[past("decay", 60), past("recover", -7200)]);
        // Of another program: without a heartbeat.
        let (began, ended) = (at(-60), at(-59));
        db.execute(&format!(
            "insert into job_executions (job_name, status, started_at, completed_at) values ('decay', 'completed', {began}, {ended})"
        ));
        db.execute("insert into users (decayed_through) values ('2999-01-01T00:00:00.000000Z')");
        let result = look(host.doctor(db, &["--now", NOW]), "warning", 0);
        says(&result, "data.times", "warning", &["dated later than now: 1 run, 1 player's decay", "clock has jumped"]);
        says(&result, "data.other_programs", "ok", &["another program has made ", "in the last day"]);
        if db.is_postgres() {
            return;
        }
        db.execute("insert into users (id) values ('42')");
        db.execute("insert into conversations (user_id) values ('42')");
        let result = look(host.doctor(db, &["--now", NOW]), "warning", 0);
        says(&result, "data.ids", "warning", &["1 conversation has an id that is not spelled"]);
    }
}

#[test]
fn trouble_speaks_also_with_quiet() {
    let db = Db::sqlite();
    let done = Host::bare().doctor(&db, &["-q"]).env("NIKITA_LEASE", "never").done().code(78);
    assert_eq!(done.json()["status"], json!("error"));
    let done = Host::bare().doctor(&db, &["-q", "--format", "human"]).env("NIKITA_LEASE", "never").done().code(78);
    assert!(done.stdout().ends_with("1 problem and 1 warning in 23 checks.\n"), "{}", done.stdout());
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    for args in [&["--database-url", "mysql://h/d"][..], &["--llm", "oracle"], &["--now", "noon"], &["--fix"]] {
        assert_eq!(
            Host::bare().doctor(&Db::sqlite(), args).done().code(2).json()["error"]["kind"],
            "usage",
            "{args:?}"
        );
    }
}
