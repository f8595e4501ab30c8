//! What an operator sees and does about failures: `failures`, `retry`, `status --since`, and the views (spec 06).

use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player};

/// A conversation with these columns, as SQL.
fn conversation(db: &Db, player: Uuid, columns: &str, values: &str) -> Uuid {
    let id = Uuid::new_v4();
    db.execute(&format!(
        "insert into conversations (id, user_id, started_at, updated_at, {columns}) \
         values ('{id}', '{player}', '2026-11-18T09:00:00.000000Z', '2026-11-18T10:00:00.000000Z', {values})"
    ));
    id
}

fn player(db: &Db) -> Uuid {
    Player::default().insert(db)
}

const DUE: &str = "'2026-11-18T11:00:00.000000Z'";

on_every_database! {
    fn failures_are_grouped_by_error_and_retried_until_nothing_matches(db) {
        for error in ["extraction: status 401", "extraction: status 401", "summary: odd"] {
            let columns = "status, processing_attempts, last_message_at, last_error";
            conversation(db, player(db), columns, &format!("'failed', 3, {DUE}, '{error}'"));
        }
        let waits = conversation(
            db, player(db), "status, processing_attempts, next_attempt_at, last_message_at, last_error",
            &format!("'active', 1, '2026-11-18T12:01:00.000000Z', {DUE}, 'summary: odd'"),
        );
        let fresh = conversation(db, player(db), "status, last_message_at", &format!("'active', {DUE}"));
        let found = db.run(&["failures", "--now", NOW]).code(0).json();
        assert_eq!((&found["total"], &found["groups"][0]["count"]), (&4.into(), &2.into()), "{found}");
        assert_eq!(found["groups"][1]["waiting"], 1, "{found}");
        assert_eq!(db.run(&["failures", "--stage", "summary", "--now", NOW]).code(0).json()["total"], 2);
        assert_eq!(db.run(&["failures", "--since", "1h", "--now", NOW]).code(0).json()["total"], 0);
        assert_eq!(db.run(&["failures", "--stage", "nothing"]).code(2).json()["error"]["kind"], "usage");
        assert!((db.number("select count(*) from nikita_jobs_failures where true") - 4.0).abs() < 1e-9);

        let dry = db.run(&["retry", "--failed", "--error", "401", "--dry-run", "--now", NOW]).code(0).json();
        assert_eq!((&dry["retried"], &dry["dry_run"]), (&2.into(), &true.into()), "{dry}");
        assert!((db.number("select count(*) from conversations where status = 'failed'") - 3.0).abs() < 1e-9);
        let done = db.run(&["retry", "--failed", "--error", "401", "--now", NOW]).code(0).json();
        assert_eq!(done["retried"], 2, "{done}");
        assert!((db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0") - 3.0).abs() < 1e-9);
        assert_eq!(db.run(&["retry", "--failed", "--error", "401", "--now", NOW]).code(0).json()["retried"], 0);

        let by_id = db.run(&["retry", &waits.to_string(), &fresh.to_string(), "--now", NOW]).code(0).json();
        assert_eq!((&by_id["retried"], &by_id["untouched"][0]["status"]), (&1.into(), &"active".into()), "{by_id}");
        let unknown = db.run(&["retry", &Uuid::new_v4().to_string(), "--now", NOW]).code(1).json();
        assert_eq!(unknown["unknown"].as_array().map(Vec::len), Some(1), "{unknown}");
    }

    fn what_a_run_holds_is_not_retried(db) {
        let held = conversation(db, player(db), "status, processing_attempts, last_message_at", &format!("'processing', 1, {DUE}"));
        let left = db.run(&["retry", &held.to_string(), "--now", NOW]).code(0).json();
        assert_eq!((&left["retried"], &left["untouched"][0]["status"]), (&0.into(), &"processing".into()), "{left}");
        assert!((db.number("select count(*) from conversations where status = 'processing'") - 1.0).abs() < 1e-9);
    }

    fn runs_are_listed_by_time_job_state_and_host(db) {
        db.run(&["decay", "--now", NOW]).code(0);
        db.run(&["recover", "--now", NOW]).code(0);
        let list = |args: &[&str]| {
            let all: Vec<_> = ["status", "--since", "1h", "--now", NOW].iter().chain(args).copied().collect();
            db.run(&all).code(0).json()["runs"].as_array().expect("a list").len()
        };
        assert_eq!((list(&[]), list(&["--job", "decay"]), list(&["--state", "failed"]), list(&["--host", "x"])), (2, 1, 0, 0));
        assert!((db.number("select count(*) from nikita_jobs_latest_runs where status = 'completed'") - 2.0).abs() < 1e-9);
        db.run(&["status", "--job", "decay"]).code(2);
    }
}
