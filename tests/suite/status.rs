//! `status`: what never ran, what runs, what has died, what has ended.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::JOBS;
use crate::support::bin::{eventually, on_a_terminal};
use crate::support::db::Db;
use crate::support::seed::{NOW, backlog};

/// The latest execution of a job, as the list has it.
fn latest(db: &Db, job: &str) -> Value {
    let result = db.run(&["status"]).code(0).json();
    result["jobs"].as_array().unwrap().iter().find(|it| it["job"] == job).unwrap()["execution"].clone()
}

on_every_database! {
    fn what_never_ran_says_so(db) {
        let result = db.run(&["status"]).code(0).json();
        let jobs: Vec<_> = result["jobs"].as_array().unwrap().iter().map(|it| it["job"].as_str().unwrap()).collect();
        assert_eq!(jobs, JOBS);
        assert_eq!(latest(db, "decay"), Value::Null);
        let said = db.run(&["status", "--format", "human"]).code(0).stdout();
        assert_eq!(said.matches("never ran").count(), JOBS.len(), "{said}");
    }

    fn the_latest_of_each_job_and_one_by_its_id(db) {
        db.run(&["decay", "--force"]).code(0);
        let run = db.run(&["decay", "--force"]).code(0).json();
        db.execute("insert into job_executions (job_name, status) values ('another program''s', 'completed')");
        let it = latest(db, "decay");
        assert_eq!((&it["execution_id"], &it["status"], &it["lease"]), (&run["execution_id"], &json!("completed"), &Value::Null));
        assert_eq!(latest(db, "another program's")["status"], "completed");
        let id = run["execution_id"].as_str().unwrap();
        let one = db.run(&["status", id]).code(0).json();
        assert_eq!(one["execution"]["result"], run);
        let said = db.run(&["status", id, "--format", "human"]).code(0).stdout();
        assert!(said.starts_with(&format!("decay {id}: completed")), "{said}");
    }

    fn an_unknown_execution_is_an_error(db) {
        let id = Uuid::new_v4().to_string();
        assert!(db.run(&["status", &id]).code(1).error().contains(&id));
        db.run(&["status", "yesterday"]).code(2);
        // Without a terminal there is nothing to watch on.
        db.run(&["status", "--watch"]).code(2);
    }

    fn a_running_execution_shows_its_progress_and_a_killed_one_that_its_owner_is_dead(db) {
        backlog(db, 3);
        let run = db.command(&["process-conversations", "--lease", "2s", "--concurrency", "1"]).env("NIKITA_REHEARSE", "summary=hang").start();
        let mut it = Value::Null;
        eventually("progress is shown", || {
            it = latest(db, "process-conversations");
            it["progress"]["total"] == 3
        });
        assert_eq!((&it["status"], &it["lease"], &it["pid"]), (&json!("running"), &json!("live"), &json!(run.pid())));
        assert!(it["heartbeat_age_seconds"].as_i64().unwrap() <= 60 && it["elapsed_ms"].is_i64(), "{it}");
        let id = it["execution_id"].as_str().unwrap().to_owned();
        let said = db.run(&["status", &id, "--format", "human"]).code(0).stdout();
        assert!(said.contains("0 of 3 conversations (0 %)"), "{said}");
        run.signal("KILL");
        run.done();
        eventually("the lease is dead", || latest(db, "process-conversations")["lease"] == "dead");
        let said = db.run(&["status", "--format", "human"]).code(0).stdout();
        assert!(said.contains("its owner is dead"), "{said}");
    }
}

#[test]
fn watching_follows_a_run_to_its_end() {
    let db = Db::sqlite();
    backlog(&db, 2);
    let run = db
        .command(&["process-conversations", "--now", NOW, "--lease", "2s", "--concurrency", "1"])
        .env("NIKITA_REHEARSE", "latency=1500ms")
        .start();
    eventually("it runs", || latest(&db, "process-conversations")["progress"]["total"] == 2);
    let id = latest(&db, "process-conversations")["execution_id"].as_str().unwrap().to_owned();
    let watched = on_a_terminal(&format!("status {id} --watch")).env("DATABASE_URL", &db.url).done().code(0);
    run.done().code(0);
    let seen = watched.stdout();
    assert!(seen.contains("of 2 conversations"), "progress was drawn: {seen:?}");
    assert!(seen.trim_end().lines().any(|line| line.contains(&format!("{id}: completed"))), "and its end: {seen:?}");
}
