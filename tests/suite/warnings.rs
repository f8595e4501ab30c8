//! `warnings`: what a run warned of stands in its result, on stdout and in the database, whatever stderr shows (spec 01).

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::on_every_database;
use crate::support::bin::{Bin, command, on_a_terminal};
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, backlog};

const UNREADABLE: &str =
    "players passed over: their score, chapter, last_interaction_at or decayed_through can't be read";

fn unreadable(db: &Db) {
    Player { chapter: 9, last_interaction: at(-99 * 3600), ..Player::default() }.insert(db);
}

/// The result in the row of the latest run.
fn stored(db: &Db) -> Value {
    let result = db.value("select result from job_executions order by started_at desc limit 1");
    serde_json::from_str(&result).unwrap()
}

/// Its warnings, which are texts.
#[track_caller]
fn warnings(result: &Value) -> Vec<String> {
    let list = result["warnings"].as_array().unwrap_or_else(|| panic!("no warnings: {result}"));
    list.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

on_every_database! {
    fn what_a_run_warned_of_is_in_its_result_and_in_its_row(db) {
        unreadable(db);
        let expected = [format!("{UNREADABLE} (players=1)")];
        let done = db.run(&["decay", "--force", "--now", NOW]).code(0);
        assert!(done.stderr().contains(UNREADABLE), "{}", done.stderr());
        let result = done.json();
        assert_eq!((warnings(&result), warnings(&stored(db))), (expected.to_vec(), expected.to_vec()));
        let id = result["execution_id"].as_str().unwrap();
        let said = db.run(&["status", id, "--format", "human"]).code(0).stdout();
        assert!(said.contains(UNREADABLE), "a person reads what cron's run warned of: {said}");
        // A dry run has no row.
        assert_eq!(warnings(&db.run(&["decay", "--dry-run", "--now", NOW]).code(0).json()), expected);
    }

    fn a_quiet_success_leaves_its_warnings_in_its_row_alone(db) {
        unreadable(db);
        let done = db.run(&["decay", "--force", "--now", NOW, "-q"]).code(0);
        assert_eq!(done.all(), "");
        assert_eq!(warnings(&stored(db)), [format!("{UNREADABLE} (players=1)")]);
    }

    fn a_run_that_warns_of_nothing_has_no_such_field(db) {
        let result = db.run(&["decay", "--force", "-v", "-v", "-v"]).code(0).json();
        assert_eq!((result.get("warnings"), stored(db).get("warnings")), (None, None));
    }

    fn twenty_are_listed_and_the_others_counted(db) {
        backlog(db, 25);
        let run = db.command(&["process-conversations", "--now", NOW, "--batch", "25"]);
        let result = run.env("NIKITA_REHEARSE", "extraction=fail").done().code(0).json();
        assert_eq!(result["retrying"], 25);
        for listed in [warnings(&result), warnings(&stored(db))] {
            let (last, others) = listed.split_last().unwrap();
            assert_eq!((others.len(), last.as_str()), (20, "and 5 more warnings"), "{listed:#?}");
            let mut distinct = others.to_vec();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), 20, "{listed:#?}");
            for one in others {
                assert!(one.starts_with("conversation not processed (conversation="), "{one}");
            }
        }
    }
}

/// Settings are read before the log starts.
#[test]
fn a_file_that_was_passed_over_is_a_warning_of_every_result() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".env"), "this is no env file\n").unwrap();
    let run = |args: &[&str]| -> Bin { command(args).dir(folder.path()).env("STATE_DIRECTORY", folder.path()) };
    let of = |result: &Value| {
        let listed = warnings(result);
        assert!(listed.iter().any(|it| it.contains(".env is passed over")), "{listed:?}");
        listed.len()
    };
    // Without a database, which is a second one.
    assert_eq!(of(&run(&["health"]).done().json()), 2);
    assert_eq!(of(&run(&["decay"]).done().code(0).json()), 1);
    of(&run(&["decay"]).done().code(75).json());
    of(&run(&["decay", "--window", "soon"]).done().code(2).json());
    of(&run(&["decay"]).env("NIKITA_DECAY_WINDOW", "soon").done().code(78).json());
}

/// Each run of the demo has its own; a person at a terminal reads the log, and the table does not repeat it.
#[test]
fn of_several_runs_each_has_its_own_warnings() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("demo.sqlite");
    let result = command(&["demo", "--path", path.to_str().unwrap()]).done().code(0).json();
    let runs = result["runs"].as_array().unwrap();
    let failing: Vec<_> = runs.iter().filter(|run| !run["warnings"].is_null()).collect();
    assert!(!failing.is_empty() && result["decay"].get("warnings").is_none(), "{result:#}");
    for (at, run) in failing.iter().enumerate() {
        for warning in warnings(run) {
            let in_others = failing.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(in_others.clone().all(|(_, other)| !warnings(other).contains(&warning)), "{warning} {result:#}");
        }
    }
    let db = Db::sqlite();
    unreadable(&db);
    let args = format!("decay --force --now {NOW} --format human");
    let seen = on_a_terminal(&args).env("DATABASE_URL", &db.url).done().code(0).stdout();
    assert_eq!(seen.matches("players passed over").count(), 1, "{seen}");
}

/// What comes after the row is written stands on stdout alone.
#[test]
fn a_late_warning_is_in_what_is_printed() {
    let db = Db::sqlite();
    let run = db.command(&["decay", "--force"]).env("NIKITA_METRICS_FILE", "/dev/null/metrics.prom");
    let printed = warnings(&run.done().code(0).json());
    assert!(printed.len() == 1 && printed[0].starts_with("metrics not written (path="), "{printed:?}");
    assert_eq!(stored(&db).get("warnings"), None);
}

/// The schema says what the field is.
#[test]
fn the_schema_of_each_command_knows_them() {
    for job in ["decay", "process-conversations", "health", "demo", "exec"] {
        let schema: Value = serde_json::from_str(&command(&["schema", job]).done().code(0).stdout()).unwrap();
        for branch in schema["anyOf"].as_array().unwrap() {
            let field = &branch["properties"]["warnings"];
            assert_eq!((&field["type"], &field["items"]["type"]), (&json!("array"), &json!("string")), "{job}");
        }
    }
}
