//! Retention (spec 06): `scan-stuck` deletes executions that ended long ago, in bounded chunks, and never what a job still needs.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, Done, eventually};
use crate::support::db::Db;
use crate::support::seed::{NOW, at};

const DAY: i64 = 24 * 3600;

fn scan(db: &Db, args: &[&str]) -> Bin {
    let all: Vec<_> = ["scan-stuck", "--force", "--now", NOW].into_iter().chain(args.iter().copied()).collect();
    db.command(&all)
}

/// An execution that began so many days ago and took a minute; without an end where `ended` is false.
fn execution(db: &Db, job: &str, status: &str, days: i64, ended: bool) -> Uuid {
    let id = Uuid::new_v4();
    let (began, end) = (at(-days * DAY - 60), if ended { at(-days * DAY) } else { "null".to_owned() });
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status) values ('{id}', '{job}', {began}, {end}, {began}, '{status}')"
    ));
    id
}

/// An execution of another program that completed so many days ago.
fn foreign(db: &Db, job: &str, days: i64) -> Uuid {
    let id = execution(db, job, "completed", days, true);
    db.execute(&format!("update job_executions set heartbeat_at = null where id = '{id}'"));
    id
}

fn is_there(db: &Db, id: Uuid) -> bool {
    db.value(&format!("select count(*) from job_executions where id = '{id}'")) == "1"
}

fn pruned(done: &Done) -> i64 {
    done.json()["pruned"].as_i64().expect("a number")
}

on_every_database! {
    fn what_ended_long_ago_goes_and_each_job_keeps_what_it_goes_by(db) {
        let gone = [
            execution(db, "decay", "completed", 200, true),
            execution(db, "decay", "failed", 150, true),
            execution(db, "process-conversations", "completed", 91, true),
            // Those that never said when they ended.
            execution(db, "backup", "completed", 100, false),
            execution(db, "backup", "failed", 99, false),
        ];
        let kept = [
            // The latest completed one, however old, and the latest one.
            execution(db, "decay", "completed", 100, true),
            execution(db, "decay", "failed", 95, true),
            // Just as old as it may be.
            execution(db, "process-conversations", "completed", 90, true),
            execution(db, "process-conversations", "failed", 89, true),
            execution(db, "backup", "completed", 98, true),
            // Another program's, which never has a heartbeat.
            foreign(db, "decay", 200),
            foreign(db, "backup", 300),
        ];
        let running = execution(db, "report", "running", 400, false);
        let rows = || db.rows("select * from job_executions order by id");
        let before = rows();
        assert_eq!(pruned(&scan(db, &["--dry-run"]).done().code(0)), 5);
        assert_eq!(rows(), before);
        for args in [&["--retain", "never"][..], &["--retain", "300d"]] {
            assert_eq!(pruned(&scan(db, args).done().code(0)), 0);
        }
        assert!(gone.iter().chain(&kept).all(|id| is_there(db, *id)));
        assert_eq!(pruned(&scan(db, &[]).done().code(0)), 5);
        for id in gone {
            assert!(!is_there(db, id), "{id} is old");
        }
        for id in kept.into_iter().chain([running]) {
            assert!(is_there(db, id), "{id} is needed");
        }
        // With the shortest span each job keeps two at most, and what is running.
        let alive = execution(db, "decay", "running", 0, false);
        scan(db, &["--retain", "1s"]).done().code(0);
        let left = db.rows("select job_name, status from job_executions where job_name <> 'scan-stuck' order by job_name, status");
        // Runs of other programs are theirs to forget.
        let expected = [["backup", "completed"], ["backup", "completed"], ["decay", "completed"], ["decay", "completed"], ["decay", "running"], ["process-conversations", "completed"],
            ["process-conversations", "failed"], ["report", "failed"]];
        assert_eq!(left, expected);
        assert!(is_there(db, alive));
        // The window still stands on what was kept.
        let window = db.command(&["decay", "--window", "101d", "--now", NOW]).done().code(75).json();
        assert_eq!(window["reason"], "recent_execution");
    }

    fn a_row_that_another_table_needs_stays_and_is_reported_and_the_rest_of_the_run_counts(db) {
        execution(db, "decay", "completed", 1, true);
        let needed = execution(db, "decay", "completed", 200, true);
        let id_type = if db.is_postgres() { "uuid" } else { "text" };
        db.execute(&format!("create table our_runs (execution_id {id_type} references job_executions (id))"));
        db.execute(&format!("insert into our_runs values ('{needed}')"));
        let hung = execution(db, "backup", "running", 2, false);
        let result = scan(db, &[]).done().code(3).json();
        assert_eq!((&result["status"], &result["pruned"], &result["recoveries_count"]), (&json!("partial"), &json!(0), &json!(1)));
        assert_eq!(result["error"]["kind"], "not_pruned");
        let said = result["error"]["message"].as_str().unwrap();
        assert!(said.starts_with("old executions could not be deleted: ") && said.contains("NIKITA_RETAIN"), "{said}");
        assert!(is_there(db, needed) && is_there(db, hung));
        db.execute("drop table our_runs");
        assert_eq!(pruned(&scan(db, &[]).done().code(0)), 1);
    }
}

/// As many executions of two jobs, one a minute, the last of them 91 days ago; with a small result each.
fn a_long_history(db: &Db, many: u32) {
    let result = json!({"status": "ok", "processed": 1, "note": "n".repeat(40)});
    let last = at(-91 * DAY);
    db.execute(&if db.is_postgres() {
        format!(
            "insert into job_executions (id, job_name, started_at, heartbeat_at, completed_at, status, result) \
             select gen_random_uuid(), case when i % 60 = 0 then 'decay' else 'process-conversations' end, \
                 timestamptz {last} - i * interval '1 minute', timestamptz {last} - i * interval '1 minute', timestamptz {last} - i * interval '1 minute' + interval '2 seconds', \
                 case when i % 7 = 0 then 'failed' else 'completed' end, '{result}' from generate_series(1, {many}) i"
        )
    } else {
        format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {many}) \
             insert into job_executions (id, job_name, started_at, heartbeat_at, completed_at, status, result) \
             select printf('%08x-0000-4000-8000-000000000000', i), case when i % 60 = 0 then 'decay' else 'process-conversations' end, \
                 strftime('%Y-%m-%dT%H:%M:%f000Z', {last}, '-' || i || ' minutes'), \
                 strftime('%Y-%m-%dT%H:%M:%f000Z', {last}, '-' || i || ' minutes'), \
                 strftime('%Y-%m-%dT%H:%M:%f000Z', {last}, '-' || i || ' minutes', '+2 seconds'), \
                 case when i % 7 = 0 then 'failed' else 'completed' end, '{result}' from n"
        )
    });
}

/// A run takes a bounded number of a million, the oldest of them; where nothing is old, its reading does not grow with what is kept.
fn a_million(db: &Db) {
    a_long_history(db, 1_000_000);
    if db.is_postgres() {
        let read = || {
            let sums = "select sum(coalesce(seq_tup_read, 0)), sum(coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables where relname = 'job_executions'";
            let rows = db.rows(sums);
            [0, 1].map(|i| rows[0][i].parse::<f64>().unwrap())
        };
        // A session reports its numbers when it ends at the latest, and this one may read older ones while it lasts.
        let before = read();
        let done = scan(db, &["--retain", "9y"]).done().code(0);
        assert_eq!(pruned(&done), 0);
        let mut after = before;
        eventually("the run has reported what it read", || {
            after = read();
            after[1] > before[1]
        });
        assert_eq!(after[0], before[0], "the table was read from end to end");
        assert!(after[1] - before[1] < 100.0, "{before:?} {after:?}");
    }
    let count = || db.number("select count(*) from job_executions where job_name <> 'scan-stuck'");
    let oldest = db.value("select min(completed_at) from job_executions");
    assert_eq!(pruned(&scan(db, &["--dry-run"]).done().code(0)), 50_000);
    assert_eq!(count(), 1_000_000.0);
    assert_eq!(pruned(&scan(db, &[]).done().code(0)), 50_000);
    assert_eq!(count(), 950_000.0);
    assert!(db.value("select min(completed_at) from job_executions") > oldest);
}

#[test]
fn a_run_takes_a_bounded_number_of_a_million_sqlite() {
    a_million(&Db::sqlite());
}

#[test]
fn a_run_takes_a_bounded_number_of_a_million_postgres() {
    a_million(&Db::postgres());
}

/// A trigger holds the first chunk up until the signal has arrived: it is finished, and no other begins.
#[test]
fn a_signal_ends_it_between_two_chunks() {
    let db = Db::postgres();
    a_long_history(&db, 2_500);
    db.execute(
        "create table gate (id integer); insert into gate values (1); \
         create function wait_at_gate() returns trigger language plpgsql as $$ begin perform 1 from gate for update; return null; end $$; \
         create trigger gate before delete on job_executions for each statement execute function wait_at_gate()",
    );
    let gate = db.hold("select 1 from gate for update");
    let folder = TempDir::new().unwrap();
    let run = scan(&db, &["-v"]).start_into(folder.path());
    eventually("the first chunk waits", || {
        db.value("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%delete from job_executions%' and pid <> pg_backend_pid()") == "1"
    });
    run.signal("TERM");
    eventually("the signal has arrived", || {
        fs::read_to_string(folder.path().join("err")).is_ok_and(|log| log.contains("asked to stop"))
    });
    gate.commit();
    run.done().code(143);
    let result: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("out")).unwrap()).unwrap();
    assert_eq!((&result["status"], &result["pruned"]), (&json!("interrupted"), &json!(1_000)));
    assert_eq!(db.value("select count(*) from job_executions where job_name <> 'scan-stuck'"), "1500");
}

#[test]
fn a_span_of_nothing_is_refused_and_never_has_a_word_of_its_own() {
    let db = Db::sqlite();
    let said = scan(&db, &["--retain", "0s"]).done().code(2).error();
    assert_eq!(said, "--retain \"0s\" must be longer than zero; \"never\" means no limit");
    let said = scan(&db, &[]).env("NIKITA_RETAIN", "-1d").done().code(78).error();
    assert!(
        said.starts_with("NIKITA_RETAIN=\"-1d\" is not a duration") && said.ends_with("\"never\" means no limit"),
        "{said}"
    );
}
