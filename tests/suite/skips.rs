//! Runs that are not made: window, lock, switch (spec 01 and 02).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::contract::{break_decay, has_common_fields, mend_decay};
use crate::on_every_database;
use crate::support::db::Db;

const HOLDER: &str = "01890000-0000-7000-8000-000000000001";

/// A running execution whose lease ends at this time.
fn held(db: &Db, job: &str, expires: &str) {
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid) values \
         ('{HOLDER}', '{job}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', 'running', 'elsewhere', 7)"
    ));
    db.execute(&format!(
        "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) values \
         ('job:{job}', '{HOLDER}', '01890000-0000-7000-8000-000000000002', 'elsewhere', 7, \
         '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', '{expires}')"
    ));
}

fn executions(db: &Db) -> String {
    db.value("select count(*) from job_executions")
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a time").parse().expect("a time")
}

on_every_database! {
    fn inside_the_window_a_run_is_skipped(db) {
        let first = db.run(&["decay"]).code(0).json();
        let result = has_common_fields(&db.run(&["decay", "--window", "2h"]).code(75), "decay", "skipped", 75);
        assert_eq!((&result["reason"], &result["blocked_by"]), (&json!("recent_execution"), &first["execution_id"]));
        assert_eq!(result["execution_id"], Value::Null);
        // The run took less than a minute, and then the window lasted two hours.
        let late = time(&result["reopens_at"]) - TimeDelta::hours(2) - time(&first["started_at"]);
        assert!(late >= TimeDelta::zero() && late < TimeDelta::minutes(1), "{late}: {result}");
        assert_eq!(executions(db), "1");
        // Another job has a window of its own.
        db.run(&["process-conversations"]).code(0);
    }

    fn a_skip_says_that_another_program_has_closed_the_window(db) {
        let ours = db.run(&["decay", "--now", "2026-11-18T12:00:00Z"]).code(0).json();
        let skipped = |now| db.run(&["decay", "--now", now]).code(75).json();
        let skip = skipped("2026-11-18T12:10:00Z");
        assert_eq!((&skip["blocked_by"], skip.get("foreign")), (&ours["execution_id"], None));
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, completed_at, status) values \
             ('{HOLDER}', 'decay', '2026-11-18T12:10:00.000000Z', '2026-11-18T12:20:00.000000Z', 'completed')"
        ));
        let skip = skipped("2026-11-18T12:30:00Z");
        assert_eq!((&skip["blocked_by"], &skip["foreign"]), (&json!(HOLDER), &json!(true)));
    }

    fn the_window_reopens(db) {
        let at = |time: &'static str| ["decay", "--window", "50m", "--now", time];
        let first = db.run(&at("2026-11-18T12:00:00Z")).code(0).json();
        let skipped = db.run(&at("2026-11-18T12:49:59.999Z")).code(75).json();
        assert_eq!((&skipped["blocked_by"], time(&skipped["reopens_at"])), (&first["execution_id"], "2026-11-18T12:50:00Z".parse().unwrap()));
        db.run(&at("2026-11-18T12:50:00Z")).code(0);
    }

    fn force_ignores_the_window_and_0s_is_none(db) {
        db.run(&["decay"]).code(0);
        db.run(&["decay", "--force"]).code(0);
        db.run(&["decay", "--window", "0s"]).code(0);
        db.command(&["decay"]).env("NIKITA_FORCE", "true").done().code(0);
        db.command(&["decay"]).env("NIKITA_DECAY_WINDOW", "0s").done().code(0);
        assert_eq!(executions(db), "5");
        db.run(&["decay"]).code(75);
    }

    fn the_exit_code_of_a_skip_can_be_changed(db) {
        db.run(&["decay"]).code(0);
        for code in [0, 99] {
            let text = code.to_string();
            has_common_fields(&db.run(&["decay", "--skip-exit-code", &text]).code(code), "decay", "skipped", code);
            db.command(&["decay"]).env("NIKITA_SKIP_EXIT_CODE", &text).done().code(code);
            // Only that of a skip.
            db.run(&["decay", "--force", "--skip-exit-code", &text]).code(0);
        }
    }

    fn quiet_skips_write_not_one_byte(db) {
        db.run(&["decay"]).code(0);
        for args in [&["decay", "-q"][..], &["decay", "-q", "-vv"], &["decay", "-q", "--format", "human"]] {
            assert_eq!(db.run(args).code(75).all(), "", "{args:?}");
        }
        assert_eq!(db.run(&["decay", "-q", "--skip-exit-code", "99"]).code(99).all(), "");
    }

    fn a_failed_run_does_not_close_the_window(db) {
        break_decay(db);
        db.run(&["decay"]).code(1);
        mend_decay(db);
        db.run(&["decay"]).code(0);
        db.run(&["decay"]).code(75);
    }

    fn while_another_run_holds_the_lock_a_run_is_skipped(db) {
        held(db, "decay", "2099-01-01T00:00:00.000000Z");
        for args in [&["decay"][..], &["decay", "--force"]] {
            let result = has_common_fields(&db.run(args).code(75), "decay", "skipped", 75);
            assert_eq!((&result["reason"], &result["blocked_by"]), (&json!("already_running"), &json!(HOLDER)));
            assert_eq!(time(&result["reopens_at"]), "2099-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
            assert_eq!(result["execution_id"], Value::Null);
        }
        let said = db.run(&["decay", "--format", "human"]).code(75).stdout();
        assert!(said.contains("another run is in progress") && said.contains(HOLDER), "{said}");
        assert_eq!(executions(db), "1");
        assert_eq!(db.value("select status from job_executions"), "running");
        // Another job's lock is another lock.
        db.run(&["process-conversations"]).code(0);
    }

    fn a_lease_that_ran_out_is_taken_over(db) {
        held(db, "decay", "2026-01-01T00:01:30.000000Z");
        let result = db.run(&["decay"]).code(0).json();
        let new = result["execution_id"].as_str().unwrap();
        assert_eq!(result["dead_runs_closed"], 1, "{result}");
        let health = db.run(&["health"]).json();
        assert_eq!(health["recovered"], json!([{"kind": "execution", "rule": "owner_dead", "count": 1}]), "{health}");
        let old = db.rows(&format!("select status, completed_at, result from job_executions where id = '{HOLDER}'"));
        assert_eq!(old[0][0], "failed");
        assert_ne!(old[0][1], "null");
        let why: Value = serde_json::from_str(&old[0][2]).unwrap();
        assert_eq!(why["error"]["kind"], "lease_expired", "{why}");
        let message = why["error"]["message"].as_str().unwrap();
        assert!(message.contains("Owner is not running") && message.contains(new), "{why}");
        assert_eq!(db.value("select count(*) from job_leases"), "0");
    }

    fn the_pipeline_can_be_switched_off(db) {
        for off in ["false", "0", "no", "OFF"] {
            let done = db.command(&["process-conversations"]).env("UNIFIED_PIPELINE_ENABLED", off).done().code(75);
            let result = has_common_fields(&done, "process-conversations", "skipped", 75);
            assert_eq!((&result["reason"], &result["blocked_by"]), (&json!("pipeline_disabled"), &Value::Null));
        }
        assert_eq!(executions(db), "0");
        db.command(&["decay"]).env("UNIFIED_PIPELINE_ENABLED", "false").done().code(0);
        db.command(&["process-conversations"]).env("UNIFIED_PIPELINE_ENABLED", "true").done().code(0);
    }
}
