//! The command-line contract (spec 01): exit codes, stdout and stderr, `migrate`. Skips are in `skips.rs`, the ways to
//! the database in `secrets.rs`.

use nikita_jobs::domain::exit::Exit;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::on_every_database;
use crate::support::JOBS;
use crate::support::bin::{Done, command, eventually, on_a_terminal};
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, backlog, conversation};

/// Asserts the fields that each JSON result has; `null` in the execution's place where there was none.
#[track_caller]
pub fn has_common_fields(done: &Done, job: &str, status: &str, code: i32) -> Value {
    let result = done.json();
    assert_eq!(result["job"], job, "{result}");
    assert_eq!(result["status"], status, "{result}");
    assert_eq!(result["exit_code"], code, "{result}");
    for field in ["execution_id", "started_at", "duration_ms"] {
        assert!(result.as_object().unwrap().contains_key(field), "{field} in {result}");
    }
    assert!(result["duration_ms"].is_u64(), "{result}");
    result
}

/// Makes every charge fail.
pub fn break_decay(db: &Db) {
    db.execute(if db.is_postgres() {
        "alter table score_history add constraint broken check (event_type <> 'decay')"
    } else {
        "create trigger broken before insert on score_history begin select raise(abort, 'broken'); end"
    });
    // One who is refused stands in `errors`; the first hundred are more than their own trouble.
    for _ in 0..100 {
        Player { last_interaction: at(-100 * 3600), ..Player::default() }.insert(db);
    }
}

pub fn mend_decay(db: &Db) {
    db.execute(if db.is_postgres() {
        "alter table score_history drop constraint broken"
    } else {
        "drop trigger broken"
    });
}

/// Whether a text has colours or weights in it (`ESC [ … m`).
fn is_styled(text: &str) -> bool {
    text.split("\x1b[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

on_every_database! {
    fn a_run_that_did_its_work_exits_0(db) {
        let done = db.run(&["decay"]).code(0);
        let result = has_common_fields(&done, "decay", "ok", 0);
        assert_eq!(result["execution_id"], json!(db.value("select id from job_executions where status = 'completed'")));
        assert!(result["started_at"].as_str().unwrap().ends_with('Z'), "{result}");
        // The same value is in the database.
        let stored: Value = serde_json::from_str(&db.value("select result from job_executions")).unwrap();
        assert_eq!(stored, result);
        // The log is JSON lines.
        for line in done.stderr().lines() {
            let _: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
    }

    fn a_dry_run_exits_0_and_leaves_no_row(db) {
        let result = has_common_fields(&db.run(&["decay", "--dry-run"]).code(0), "decay", "ok", 0);
        assert_eq!((&result["dry_run"], &result["execution_id"]), (&json!(true), &Value::Null));
        assert_eq!(db.value("select count(*) from job_executions"), "0");
        assert_eq!(db.value("select count(*) from job_leases"), "0");
    }

    fn a_run_that_failed_exits_1_with_the_reason(db) {
        break_decay(db);
        let done = db.run(&["decay"]).code(1);
        let result = has_common_fields(&done, "decay", "error", 1);
        assert_eq!(result["error"]["kind"], "database");
        assert!(done.error().contains("broken"), "{result}");
        assert_eq!(result["execution_id"], json!(db.value("select id from job_executions where status = 'failed'")));
        assert_eq!(db.value("select count(*) from job_leases"), "0");
    }

    fn a_conversation_that_ends_in_failed_exits_3(db) {
        let player = Player::default().insert(db);
        conversation(db, player, -3600, &json!({"not": "a list"}));
        let done = db.run(&["process-conversations", "--now", NOW]).code(3);
        let result = has_common_fields(&done, "process-conversations", "partial", 3);
        assert_eq!(result["failed"], 1, "{result}");
        assert_eq!(db.value("select status from conversations"), "failed");
        // The work that there was is done: it closes the window.
        assert_eq!(db.value("select status from job_executions"), "completed");
    }

    fn a_signal_drains_and_exits_143_or_130(db) {
        for (signal, code) in [("TERM", 143), ("INT", 130)] {
            backlog(db, 2);
            let args = ["process-conversations", "--force", "--now", NOW, "--grace", "0s", "--concurrency", "1"];
            let running = db.command(&args).env("NIKITA_REHEARSE", "extraction=hang").start();
            eventually("a conversation is claimed", || {
                db.value("select count(*) from conversations where status = 'processing'") == "1"
            });
            running.signal(signal);
            let result = has_common_fields(&running.done().code(code), "process-conversations", "interrupted", code);
            assert_eq!(result["released"], 1, "{result}");
            assert_eq!(db.value("select count(*) from conversations where status = 'processing'"), "0");
            assert_eq!(db.value("select count(*) from job_executions where status = 'running'"), "0");
        }
    }

    fn quiet_says_nothing_on_success_and_all_on_failure(db) {
        for args in [&["decay", "-q"][..], &["decay", "--quiet", "-vv", "--force", "--format", "human"], &["migrate", "-q"]] {
            assert_eq!(db.run(args).code(0).all(), "", "{args:?}");
        }
        assert_eq!(db.command(&["decay", "--force"]).env("NIKITA_QUIET", "1").done().code(0).all(), "");
        break_decay(db);
        let done = db.run(&["decay", "-q", "--force"]).code(1);
        assert!(done.error().contains("broken"));
        assert!(done.stderr().contains("broken"), "{}", done.stderr());
    }

    fn human_output_is_for_whoever_asks_for_it(db) {
        Player { last_interaction: at(-9 * 3600), ..Player::default() }.insert(db);
        let done = db.run(&["decay", "--format", "human", "--now", NOW]).code(0);
        let lines: Vec<_> = done.stdout().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(lines[0].starts_with("decay: ok ("), "{lines:?}");
        assert_eq!(lines[1..], ["processed decayed points game overs warned deferred unreadable locked", "1 1 0.80 0 0 0 0 0"]);
        let done = db.command(&["process-conversations", "-vv"]).env("NIKITA_FORMAT", "human").done().code(0);
        assert!(done.stdout().starts_with("process-conversations: ok ("), "{}", done.stdout());
        assert!(!done.all().contains('\x1b'), "no escape sequence away from a terminal: {}", done.all());
    }

    fn a_terminal_gets_a_table_and_a_log_for_people(db) {
        Player { last_interaction: at(-9 * 3600), ..Player::default() }.insert(db);
        let done = on_a_terminal(&format!("decay -v --now {NOW}")).env("DATABASE_URL", &db.url).done().code(0);
        let said = done.stdout();
        assert!(said.contains("processed") && said.contains("0.80"), "{said}");
        assert!(!said.contains('{'), "neither result nor log is JSON: {said}");
        let skipped = on_a_terminal(&format!("decay -v --now {NOW}")).env("DATABASE_URL", &db.url).done().code(75);
        assert!(skipped.stdout().contains("skipped: a run completed a short while ago"), "{}", skipped.stdout());
        assert!(is_styled(&skipped.stdout()), "the log has colours: {:?}", skipped.stdout());
        let plain = on_a_terminal(&format!("decay -v --now {NOW}")).env("DATABASE_URL", &db.url).env("NO_COLOR", "1");
        let plain = plain.done().code(75).stdout();
        assert!(plain.contains("run skipped") && !is_styled(&plain), "{plain:?}");
    }

    fn a_terminal_gets_a_progress_bar(db) {
        backlog(db, 3);
        let args = format!("process-conversations --now {NOW} --concurrency 1");
        let run = || on_a_terminal(&args).env("DATABASE_URL", &db.url).env("NIKITA_REHEARSE", "latency=100ms");
        let said = run().done().code(0).stdout();
        assert!(said.contains("/3 conversations, "), "{said:?}");
        // It is gone at the end: the table stands alone.
        assert!(said.rsplit("process-conversations: ok").next().unwrap().contains("extraction"), "{said:?}");
        assert!(!said.rsplit("process-conversations: ok").next().unwrap().contains("/3 conv"), "{said:?}");
    }

    fn decay_over_many_chunks_moves_the_bar(db) {
        for _ in 0..7 {
            Player { last_interaction: at(-100 * 3600), ..Player::default() }.insert(db);
        }
        let args = format!("decay --now {NOW} --chunk 2");
        let said = on_a_terminal(&args).env("DATABASE_URL", &db.url).done().code(0).stdout();
        assert!(said.contains("/7 players, "), "{said:?}");
        assert!(!said.rsplit("decay: ok").next().unwrap().contains("/7 players"), "it is gone at the end: {said:?}");
        // Elsewhere there is none.
        let plain = db.run(&["decay", "--now", NOW, "--chunk", "2", "--force"]).code(0);
        assert!(!plain.all().contains("/7 players"), "{}", plain.all());
    }

    fn migrating_twice_says_that_nothing_is_to_do(db) {
        let result = has_common_fields(&db.run(&["migrate"]).code(0), "migrate", "ok", 0);
        assert_eq!(result["migrations"], json!([]));
        assert_eq!(db.run(&["migrate", "--format", "human"]).code(0).stdout(), "The schema is up to date.\n");
        assert_eq!(db.run(&["migrate", "--plan", "--format", "human"]).code(0).stdout(), "The schema is up to date.\n");
    }

    fn a_schema_newer_than_the_binary_is_refused(db) {
        db.execute("insert into nikita_jobs_migrations (version, name, applied_at) values (9999, 'future', '2030')");
        for args in [&["decay"][..], &["process-conversations"], &["migrate"], &["migrate", "--plan"]] {
            let done = db.run(args).code(78);
            let result = has_common_fields(&done, args[0], "error", 78);
            assert_eq!(result["error"]["kind"], "schema");
            assert!(done.error().contains("version 9999) is newer than this binary"), "{result}");
            assert!(done.error().contains("Install the newer nikita-jobs"), "{result}");
        }
        assert_eq!(db.value("select count(*) from job_executions"), "0");
    }

    fn a_newer_schema_that_asks_for_no_newer_binary_is_worked_on(db) {
        // As a later release would leave it, in the middle of an upgrade host by host.
        let known = db.value("select max(version) from nikita_jobs_migrations");
        db.execute("create table later_release (id integer primary key)");
        db.execute("alter table conversations add column later_column integer not null default 0");
        db.execute(&format!("insert into nikita_jobs_migrations (version, name, applied_at, needs) values (9999, 'future', '2030', {known})"));
        for job in JOBS {
            has_common_fields(&db.run(&[job]).code(0), job, "ok", 0);
        }
        let result = has_common_fields(&db.run(&["migrate"]).code(0), "migrate", "ok", 0);
        assert_eq!(result["migrations"], json!([]), "and nothing of it is taken back");
        assert_eq!(db.value("select count(*) from later_release"), "0");
    }
}

/// Six processes at once bring an empty database up to date: all succeed, and the work is done once.
fn six_migrate_at_once(url: &str) {
    let running: Vec<_> = (0..6).map(|_| command(&["migrate"]).env("DATABASE_URL", url).start()).collect();
    let applied = running.into_iter().map(|it| it.done().code(0).json());
    let applied: usize = applied.map(|result| result["migrations"].as_array().unwrap().len()).sum();
    let known = command(&["migrate", "--plan"]).env("DATABASE_URL", "sqlite:/nowhere/at.all").done().code(0).json();
    assert_eq!(applied, known["migrations"].as_array().unwrap().len());
}

#[test]
fn six_processes_may_migrate_at_once_sqlite() {
    let folder = TempDir::new().unwrap();
    six_migrate_at_once(&format!("sqlite:{}", folder.path().join("new.sqlite").display()));
}

#[test]
fn six_processes_may_migrate_at_once_postgres() {
    six_migrate_at_once(&Db::postgres_empty().url);
}

#[test]
fn a_plan_writes_nothing_postgres() {
    let db = Db::postgres_empty();
    let tables = "select count(*) from pg_class where relnamespace = 'public'::regnamespace";
    let result = has_common_fields(&db.run(&["migrate", "--plan"]).code(0), "migrate", "ok", 0);
    assert!(result["migrations"][0]["sql"].as_str().unwrap().contains("create table"), "{result}");
    let said = db.run(&["migrate", "--plan", "--format", "human"]).code(0).stdout();
    assert!(said.starts_with("-- migration 0001 game and jobs\n"), "{said}");
    assert_eq!(db.value(tables), "0");
    // What it prints is what it does.
    db.execute(&said);
    assert_ne!(db.value(tables), "0");
}

#[test]
fn a_plan_writes_nothing_sqlite() {
    let home = TempDir::new().unwrap();
    let done = command(&["migrate", "--plan"]).env("STATE_DIRECTORY", home.path().join("state")).done().code(0);
    let result = has_common_fields(&done, "migrate", "ok", 0);
    assert!(result["migrations"][0]["sql"].as_str().unwrap().contains("create table"), "{result}");
    assert_eq!(home.path().read_dir().unwrap().count(), 0, "neither file nor folder");

    // A file of somebody else's, in the journal mode that SQLite has by default.
    let file = home.path().join("theirs.sqlite");
    let url = format!("sqlite:{}", file.display());
    command(&["migrate"]).env("DATABASE_URL", &url).done().code(0);
    let db = Db::at(std::path::Path::new(url.trim_start_matches("sqlite:")));
    db.execute("delete from nikita_jobs_migrations");
    db.execute("pragma journal_mode = delete");
    let before = std::fs::read(&file).unwrap();
    let result = command(&["migrate", "--plan"]).env("DATABASE_URL", &url).done().code(0).json();
    assert_ne!(result["migrations"], json!([]));
    assert!(before == std::fs::read(&file).unwrap(), "the file is as it was");
    assert_eq!(home.path().read_dir().unwrap().count(), 1, "and alone");
}

#[test]
fn postgres_without_a_schema_says_what_to_run() {
    let db = Db::postgres_empty();
    for job in ["decay", "process-conversations"] {
        let done = db.run(&[job]).code(78);
        has_common_fields(&done, job, "error", 78);
        assert!(done.error().contains("Run `nikita-jobs migrate`"), "{}", done.error());
    }
    assert_eq!(db.value("select count(*) from pg_class where relnamespace = 'public'::regnamespace"), "0");
}

#[test]
fn help_lists_the_exit_codes_of_the_enum() {
    let words = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>().join(" ");
    for flag in ["--help", "-h"] {
        let help = command(&[flag]).done().code(0).stdout();
        let (_, table) = help.split_once("Exit codes:\n").expect("a table of exit codes");
        assert_eq!(words(table), words(&Exit::table()));
    }
    for code in [0, 1, 2, 3, 69, 70, 75, 78, 130, 143] {
        assert!(Exit::table().lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))), "{code}");
    }
}

#[test]
fn help_shows_no_value_of_the_environment() {
    for job in ["decay", "process-conversations", "migrate"] {
        let done = command(&[job, "--help"]).env("DATABASE_URL", "postgres://u:hunter2@h/d").done().code(0);
        assert!(done.stdout().contains("DATABASE_URL") && !done.all().contains("hunter2"), "{}", done.all());
    }
}
