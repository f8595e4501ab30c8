//! Clocks that jump (spec 02): what is dated later than it can be is not believed.

use serde_json::json;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, conversation, transcript};

/// A completed run of `decay`, so many hours from now by the database's clock.
fn completed(db: &Db, hours: i64) {
    let at = if db.is_postgres() {
        format!("now() + interval '{hours} hours'")
    } else {
        format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{hours:+} hours')")
    };
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, completed_at, status) \
         values ('01890000-0000-7000-8000-000000000009', 'decay', {at}, {at}, 'completed')"
    ));
}

/// A lease of `decay` that was renewed so many hours from now.
fn leased(db: &Db, hours: i64) {
    let at = |hours: i64| {
        if db.is_postgres() {
            format!("now() + interval '{hours} hours'")
        } else {
            format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{hours:+} hours')")
        }
    };
    db.execute(&format!(
        "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) values \
         ('job:decay', '01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002', 'elsewhere', 7, \
         {0}, {0}, {1})",
        at(hours),
        at(hours + 1)
    ));
}

on_every_database! {
    fn a_completion_dated_ten_days_ahead_closes_no_window(db) {
        completed(db, 240);
        db.run(&["decay"]).code(0);
        // The run that has been closes it.
        db.run(&["decay"]).code(75);
    }

    fn a_completion_dated_a_little_ahead_is_believed_but_for_a_window_of_nought(db) {
        completed(db, 0);
        db.run(&["decay", "--window", "2h"]).code(75);
        let more = if db.is_postgres() { "completed_at + interval '300 seconds'" } else { "strftime('%Y-%m-%dT%H:%M:%f000Z', completed_at, '+300 seconds')" };
        db.execute(&format!("update job_executions set completed_at = {more}"));
        db.run(&["decay", "--window", "2h"]).code(75);
        db.run(&["decay", "--window", "0s"]).code(0);
    }

    fn a_lease_renewed_in_the_future_holds_nothing(db) {
        leased(db, 240);
        db.run(&["decay"]).code(0);
        leased(db, 0);
        db.run(&["decay", "--force"]).code(75);
    }

    /// The longest pause is six hours. A retry further ahead was dated by a clock that had jumped.
    fn a_retry_dated_ten_days_ahead_is_made_now(db) {
        let [far, near] = [240, 5].map(|hours| {
            let id = conversation(db, Player::default().insert(db), -3600, &transcript(&["I work as a nurse."]));
            let next = at(hours * 3600);
            db.execute(&format!("update conversations set processing_attempts = 1, next_attempt_at = {next} where id = '{id}'"));
            id.to_string()
        });
        let why = db.run(&["why", &far, &near, "--now", NOW]).code(0).json();
        let rules = [0, 1].map(|n| why["entries"][n]["rule"].clone());
        assert_eq!(rules, [json!("due"), json!("pause")], "{why}");
        db.run(&["process-conversations", "--now", NOW]).code(0);
        let status = |id: &str| db.value(&format!("select status from conversations where id = '{id}'"));
        assert_eq!((status(&far), status(&near)), ("processed".into(), "active".into()));
    }

    fn a_run_with_another_clock_says_so_and_closes_no_window_of_one_without(db) {
        let clock = db.run(&["status", "--now", "2026-11-18T12:00:00Z"]).code(0).json();
        assert_eq!(clock["now_overridden"], json!(true));
        let at = db.run(&["status"]).code(0).json()["started_at"].as_str().unwrap().to_owned();
        let result = db.run(&["decay", "--now", &at]).code(0).json();
        assert_eq!(result["now_overridden"], json!(true));
        let result = db.run(&["decay"]).code(0).json();
        assert_eq!(result.get("now_overridden"), None);
        db.run(&["decay"]).code(75);
        db.run(&["decay", "--now", &at]).code(75);
    }
}
