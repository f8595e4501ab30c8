//! scan-stuck, from outside: what is unhealthy is failed, with the reason, and nothing else. Audits by the SQL of the manual
//! are in `audits_doc.rs`.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, Done, eventually};
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, conversation, read_time, time, transcript};

const MINUTE: i64 = 60;

fn scan(db: &Db, args: &[&str]) -> Bin {
    let all: Vec<_> = ["scan-stuck", "--force", "--now", NOW].into_iter().chain(args.iter().copied()).collect();
    db.command(&all)
}

fn recover(db: &Db, args: &[&str]) -> Done {
    let all: Vec<_> = ["recover", "--now", NOW].into_iter().chain(args.iter().copied()).collect();
    db.command(&all).done()
}

/// An audit in progress since so many seconds from now, with a log.
fn audit(db: &Db, began: i64, logs: &Value) -> Uuid {
    let (id, began) = (Uuid::new_v4(), at(began));
    db.execute(&format!(
        "insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs) \
         values ('{id}', 'nightly', 'in_progress', {began}, '{logs}')"
    ));
    id
}

fn log(seconds: i64) -> Value {
    json!({"id": "1", "timestamp": time(seconds), "level": "info", "message": "a step", "source": "auditor"})
}

/// A lease that runs out so many seconds from now, and was renewed at `beat`.
fn lease(db: &Db, key: &str, execution: Uuid, expires: i64, beat: i64) {
    let (beat, expires, token) = (at(beat), at(expires), Uuid::new_v4());
    db.execute(&format!(
        "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
         values ('{key}', '{execution}', '{token}', 'elsewhere', 4242, {beat}, {beat}, {expires})"
    ));
}

fn leased_audit(db: &Db, began: i64, logs: &Value, expires: i64, beat: i64) -> Uuid {
    let id = audit(db, began, logs);
    lease(db, &format!("audit:{id}"), id, expires, beat);
    id
}

/// An execution that is running; one of ours where it has a heartbeat and a lease.
fn execution(db: &Db, job: &str, began: i64, beat: Option<i64>, expires: Option<i64>) -> Uuid {
    let id = Uuid::new_v4();
    let began = at(began);
    let heartbeat = beat.map_or_else(|| "null".to_owned(), at);
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid) \
         values ('{id}', '{job}', {began}, {heartbeat}, 'running', 'elsewhere', 4242)"
    ));
    if let Some(expires) = expires {
        lease(db, &format!("job:{job}:{id}"), id, expires, beat.unwrap_or(expires));
    }
    id
}

fn audit_status(db: &Db, id: Uuid) -> String {
    db.value(&format!("select status from audit_reports where audit_id = '{id}'"))
}

fn execution_status(db: &Db, id: Uuid) -> String {
    db.value(&format!("select status from job_executions where id = '{id}'"))
}

/// A JSON column of an audit.
fn of_audit(db: &Db, id: Uuid, column: &str) -> Value {
    let text = db.value(&format!("select {column} from audit_reports where audit_id = '{id}'"));
    serde_json::from_str(&text).unwrap()
}

fn leases(db: &Db, of: Uuid) -> String {
    db.value(&format!("select count(*) from job_leases where execution_id = '{of}'"))
}

/// The one recovery of a record: its reason.
fn reason(result: &Value, id: Uuid) -> Option<String> {
    let mut all = result["recoveries"].as_array().unwrap().iter().filter(|it| it["id"] == json!(id));
    let reason = all.next().map(|it| it["reason"].as_str().unwrap().to_owned());
    assert!(all.next().is_none(), "{id} is listed once: {result}");
    reason
}

fn looked_at(db: &Db, id: Uuid) -> Value {
    scan(db, &["--audit", &id.to_string()]).done().json()
}

on_every_database! {
    fn each_rule_alone_fails_an_audit_and_its_opposite_does_not(db) {
        let dead = leased_audit(db, -60, &json!([]), 0, -60);
        let alive = leased_audit(db, -60, &json!([]), 1, -60);
        let silent = audit(db, -20 * MINUTE, &json!([log(-15 * MINUTE - 1)]));
        let talking = audit(db, -20 * MINUTE, &json!([log(-19 * MINUTE), log(-15 * MINUTE)]));
        let old = audit(db, -30 * MINUTE - 1, &json!([log(-1)]));
        let young = audit(db, -30 * MINUTE, &json!([log(-1)]));
        // An old one fails with a live lease, too.
        let old_alive = leased_audit(db, -31 * MINUTE, &json!([]), 60, -1);
        let result = scan(db, &[]).done().code(0).json();
        assert_eq!(reason(&result, dead).unwrap(), "Owner is not running");
        assert_eq!(reason(&result, silent).unwrap(), "No activity for 15 minutes");
        assert_eq!(reason(&result, old).unwrap(), "Running for 30 minutes");
        assert_eq!(reason(&result, old_alive).unwrap(), "Running for 31 minutes");
        for id in [alive, talking, young] {
            assert_eq!(audit_status(db, id), "in_progress");
        }
        for id in [dead, silent, old, old_alive] {
            assert_eq!((audit_status(db, id).as_str(), leases(db, id).as_str()), ("failed", "0"));
        }
        assert_eq!((&result["scanned"], &result["recoveries_count"], &result["deferred"]), (&json!(7), &json!(4), &json!(0)));
        assert_eq!(result["message"], "Scanned 7, recovered 4");
        promises::kept(db);
    }

    fn all_issues_are_joined_and_written_where_a_person_looks_for_them(db) {
        let id = leased_audit(db, -47 * MINUTE, &json!([log(-40 * MINUTE)]), -600, -27 * MINUTE);
        db.execute(&format!("update audit_reports set summary = '{{\"pages\": 12}}' where audit_id = '{id}'"));
        let result = scan(db, &[]).done().code(0).json();
        let recovery = &result["recoveries"][0];
        let said = "Owner is not running; No activity for 27 minutes; Running for 47 minutes";
        assert_eq!((&recovery["reason"], &recovery["success"], &recovery["kind"]), (&json!(said), &json!(true), &json!("audit")));
        assert_eq!((&recovery["host"], &recovery["pid"]), (&json!("elsewhere"), &json!(4242)));
        assert_eq!(read_time(recovery["recovery_timestamp"].as_str().unwrap()), read_time(NOW));
        assert_eq!(read_time(&db.value("select completed_at from audit_reports")), read_time(NOW));
        let summary = of_audit(db, id, "summary");
        assert_eq!(summary, json!({"pages": 12, "crash_detected": true, "crash_reason": said, "recovery_timestamp": NOW, "original_status": "in_progress"}));
        let logs = of_audit(db, id, "execution_logs");
        assert_eq!((logs.as_array().unwrap().len(), &logs[0]), (2, &log(-40 * MINUTE)));
        let (entry, entry_id) = (&logs[1], logs[1]["id"].as_str().unwrap());
        assert_eq!(entry, &json!({"id": entry_id, "timestamp": NOW, "level": "error", "message": format!("Recovered as failed: {said}"), "source": "Recovery Service"}));
        assert!(Uuid::parse_str(entry_id).is_ok(), "{entry}");
        // Once.
        assert_eq!(scan(db, &[]).done().code(0).json()["recoveries"], json!([]));
        assert_eq!(of_audit(db, id, "execution_logs"), logs);
        promises::kept(db);
    }

    fn each_rule_alone_fails_an_execution_and_keeps_its_progress(db) {
        let dead = execution(db, "decay", -60, Some(-60), Some(0));
        db.execute(&format!("update job_executions set result = '{{\"progress\": {{\"done\": 7}}}}' where id = '{dead}'"));
        let alive = execution(db, "decay", -60, Some(-60), Some(1));
        let silent = execution(db, "decay", -20 * MINUTE, Some(-15 * MINUTE - 1), Some(60));
        let beating = execution(db, "decay", -20 * MINUTE, Some(-15 * MINUTE), Some(60));
        let old = execution(db, "process-conversations", -120 * MINUTE - 1, Some(-1), Some(60));
        let young = execution(db, "process-conversations", -120 * MINUTE, Some(-1), Some(60));
        let result = scan(db, &[]).done().code(0).json();
        assert_eq!(reason(&result, dead).unwrap(), "Owner is not running");
        assert_eq!(reason(&result, silent).unwrap(), "No activity for 15 minutes");
        assert_eq!(reason(&result, old).unwrap(), "Running for 120 minutes");
        for id in [alive, beating, young] {
            assert_eq!((execution_status(db, id).as_str(), leases(db, id).as_str()), ("running", "1"));
        }
        for id in [dead, silent, old] {
            assert_eq!((execution_status(db, id).as_str(), leases(db, id).as_str()), ("failed", "0"));
        }
        let stored: Value = serde_json::from_str(&db.value(&format!("select result from job_executions where id = '{dead}'"))).unwrap();
        let reason = "Owner is not running";
        assert_eq!((&stored["progress"]["done"], &stored["status"], &stored["crash_detected"]), (&json!(7), &json!("error"), &json!(true)));
        assert_eq!((&stored["crash_reason"], &stored["original_status"]), (&json!(reason), &json!("running")));
        assert_eq!(stored["error"], json!({"kind": "recovered", "message": reason}));
        assert_eq!((&stored["execution_logs"][0]["source"], &stored["execution_logs"][0]["level"]), (&json!("Recovery Service"), &json!("error")));
        promises::kept(db);
    }

    /// A null is not a time, and what compares with it is neither true nor false.
    fn another_programs_execution_without_heartbeat_and_lease_is_judged_by_its_age_alone(db) {
        let fresh = execution(db, "backup", -119 * MINUTE, None, None);
        let stale = execution(db, "backup", -121 * MINUTE, None, None);
        let result = scan(db, &[]).done().code(0).json();
        assert_eq!(reason(&result, stale).unwrap(), "Running for 121 minutes");
        assert_eq!((execution_status(db, fresh), execution_status(db, stale)), ("running".to_owned(), "failed".to_owned()));
        // A start that is not known hides nothing, either.
        if db.is_postgres() {
            let nowhen = execution(db, "backup", 0, None, None);
            db.execute(&format!("alter table job_executions alter column started_at drop not null; update job_executions set started_at = null where id = '{nowhen}'"));
            let forever = execution(db, "backup", 0, None, None);
            db.execute(&format!("update job_executions set started_at = '-infinity', heartbeat_at = 'infinity' where id = '{forever}'"));
            scan(db, &[]).done().code(0);
            assert_eq!((execution_status(db, nowhen), execution_status(db, forever)), ("failed".to_owned(), "failed".to_owned()));
        }
    }

    fn a_log_may_hold_anything_and_the_audit_is_still_judged(db) {
        let odd = [
            json!({"timestamp": time(-1)}),
            json!("a text"),
            json!(null),
            json!([1, "two", null, {"message": "no time"}, {"timestamp": "soon"}, {"timestamp": ["a list"]}]),
        ];
        let stale: Vec<_> = odd.iter().map(|logs| audit(db, -20 * MINUTE, logs)).collect();
        // The last entry has no time; the one before it has.
        let fresh = audit(db, -20 * MINUTE, &json!([{"timestamp": "2026-11-18 11:59:00"}, {"message": "no time"}]));
        let zoned = audit(db, -20 * MINUTE, &json!([{"timestamp": "2026-11-18T13:59:00+02:00"}]));
        let result = scan(db, &[]).done().code(0).json();
        for id in &stale {
            assert_eq!(reason(&result, *id).unwrap(), "No activity for 20 minutes");
            let logs = of_audit(db, *id, "execution_logs");
            assert_eq!(logs.as_array().unwrap().last().unwrap()["source"], "Recovery Service");
        }
        for id in [fresh, zoned] {
            assert_eq!(audit_status(db, id), "in_progress");
        }
        promises::kept(db);
    }

    fn what_has_ended_or_not_begun_is_never_touched(db) {
        let mut before = Vec::new();
        for status in ["pending", "completed", "failed", "cancelled"] {
            let id = leased_audit(db, -900 * MINUTE, &json!([]), -600, -600);
            db.execute(&format!("update audit_reports set status = '{status}' where audit_id = '{id}'"));
            let look = scan(db, &["--audit", &id.to_string()]).done().code(0).json();
            assert_eq!((&look["is_healthy"], &look["issues"], &look["status"]), (&json!(true), &json!([]), &json!(status)));
            before.push((id, status));
        }
        let done = execution(db, "decay", -900 * MINUTE, Some(-900 * MINUTE), None);
        let end = at(-899 * MINUTE);
        db.execute(&format!("update job_executions set status = 'completed', completed_at = {end} where id = '{done}'"));
        let rows = || db.rows("select audit_id, status, completed_at, summary, execution_logs from audit_reports order by audit_id");
        let (audits, row) = (rows(), db.rows(&format!("select * from job_executions where id = '{done}'")));
        assert_eq!(scan(db, &[]).done().code(0).json()["scanned"], 0);
        for (id, status) in &before {
            let result = recover(db, &["audit", &id.to_string()]).code(1).json();
            let said = format!("{id}: it is {status}, not in_progress; only an unfinished record can be recovered");
            assert_eq!(result["error"]["message"], json!(said));
        }
        let result = recover(db, &["execution", &done.to_string()]).code(1).json();
        assert!(result["error"]["message"].as_str().unwrap().contains("it is completed, not running"), "{result}");
        assert_eq!(rows(), audits);
        assert_eq!(db.rows(&format!("select * from job_executions where id = '{done}'")), row);
    }

    fn a_dry_run_tells_what_a_run_would_do_and_writes_nothing(db) {
        let ids: Vec<_> = (0..3).map(|i| audit(db, -20 * MINUTE + i, &json!([]))).collect();
        // Of another program: it has no heartbeat, and two hours.
        execution(db, "backup", -60 * MINUTE, None, None);
        let preview = scan(db, &["--dry-run", "--batch", "2"]).done().code(0).json();
        assert_eq!((&preview["dry_run"], &preview["recoveries_count"], &preview["deferred"]), (&json!(true), &json!(2), &json!(1)));
        assert!(ids.iter().all(|id| audit_status(db, *id) == "in_progress"));
        assert_eq!(db.value("select count(*) from job_executions"), "1");
        let result = scan(db, &["--batch", "2"]).done().code(0).json();
        assert_eq!(result["recoveries"], preview["recoveries"]);
        // The longest-running first; the third is left.
        assert_eq!(ids.iter().map(|id| audit_status(db, *id)).collect::<Vec<_>>(), ["failed", "failed", "in_progress"]);
    }

    fn one_record_is_judged_without_being_touched(db) {
        let sick = leased_audit(db, -29 * MINUTE, &json!([]), -600, -27 * MINUTE);
        let rows = || db.rows("select * from audit_reports");
        let before = rows();
        let result = scan(db, &["--audit", &sick.to_string()]).done().code(1).json();
        assert_eq!(result["issues"], json!(["Owner is not running", "No activity for 27 minutes"]));
        assert_eq!((&result["audit_id"], &result["is_healthy"], &result["status"], &result["task_running"]), (&json!(sick), &json!(false), &json!("in_progress"), &json!(false)));
        assert_eq!(read_time(result["last_activity"].as_str().unwrap()), read_time(&time(-27 * MINUTE)));
        let well = execution(db, "decay", -60, Some(-5), Some(60));
        let result = scan(db, &["--execution", &well.to_string()]).done().code(0).json();
        assert_eq!((&result["execution_id"], &result["is_healthy"], &result["status"], &result["task_running"]), (&json!(well), &json!(true), &json!("running"), &json!(true)));
        assert_eq!((rows(), db.value("select count(*) from job_executions")), (before, "1".to_owned()));
        // Any id that can't be looked up is an error that names it.
        let nobody = Uuid::new_v4().to_string();
        let unknown = scan(db, &["--audit", &nobody]).done().code(1);
        assert_eq!(unknown.error(), format!("there is no audit {nobody}"));
        assert_eq!(scan(db, &["--execution", &nobody]).done().code(1).error(), format!("there is no execution {nobody}"));
        assert!(scan(db, &["--audit", "nonsense"]).done().code(2).error().contains("\"nonsense\" is not an audit's id, a UUID"));
        scan(db, &["--audit", &nobody, "--execution", &nobody]).done().code(2);
        let said = scan(db, &["--audit", &sick.to_string(), "--format", "human"]).done().code(1).stdout();
        assert!(said.starts_with(&format!("audit {sick}: in_progress, unhealthy\n  Owner is not running\n")), "{said}");
    }

    fn by_hand_the_operator_decides_and_a_wrong_id_is_a_clear_error(db) {
        let alive = leased_audit(db, -60, &json!([log(-5)]), 60, -5);
        let text = alive.to_string();
        let preview = recover(db, &["audit", &text, "--dry-run"]).code(0).json();
        assert_eq!((audit_status(db, alive).as_str(), &preview["recovered"]), ("in_progress", &json!(1)));
        let result = recover(db, &["audit", &text]).code(0).json();
        let recovery = &result["recoveries"][0];
        assert_eq!((&recovery["reason"], &recovery["from"], &recovery["to"]), (&json!("By hand; No activity for 0 minutes"), &json!("in_progress"), &json!("failed")));
        assert_eq!((audit_status(db, alive).as_str(), leases(db, alive).as_str()), ("failed", "0"));
        assert_eq!(of_audit(db, alive, "summary")["crash_reason"], recovery["reason"]);
        assert!(recover(db, &["audit", &text]).code(1).error().ends_with("it is failed, not in_progress; only an unfinished record can be recovered"));
        let nobody = Uuid::new_v4().to_string();
        assert_eq!(recover(db, &["execution", &nobody]).code(1).error(), format!("{nobody}: there is no such execution"));
        let mixed = audit(db, -60, &json!([])).to_string();
        recover(db, &["audit", &nobody, &mixed]).code(3);
        recover(db, &["audit", "not-an-id"]).code(2);
        assert!(recover(db, &["audit", &mixed, "--requeue"]).code(2).error().contains("--requeue is for conversations"));
        assert!(recover(db, &["player", &mixed]).code(2).error().contains("audit ID or execution ID"));
        promises::kept(db);
    }

    fn stuck_conversations_are_counted_and_left_to_recover(db) {
        let user = Player::default().insert(db);
        let id = conversation(db, user, -9000, &transcript(&["Hello."]));
        let updated = at(-1800);
        db.execute(&format!("update conversations set status = 'processing', processing_attempts = 1, updated_at = {updated} where id = '{id}'"));
        assert_eq!(scan(db, &[]).done().code(0).json()["stuck_conversations"], 1);
        assert_eq!(scan(db, &["--idle", "31m"]).done().code(0).json()["stuck_conversations"], 0);
        assert_eq!(db.value("select status from conversations"), "processing");
    }

    /// More than a page of what is well stands before what is not.
    fn a_page_of_healthy_records_starves_nobody(db) {
        let began = at(-25 * MINUTE);
        let logs = json!([log(-1)]);
        let healthy: Vec<_> = (0..450).map(|_| format!("('{}', 'nightly', 'in_progress', {began}, '{logs}')", Uuid::new_v4())).collect();
        db.execute(&format!("insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs) values {}", healthy.join(", ")));
        let sick = audit(db, -20 * MINUTE, &json!([]));
        let result = scan(db, &[]).done().code(0).json();
        assert_eq!((&result["scanned"], &result["recoveries_count"]), (&json!(451), &json!(1)));
        assert_eq!(audit_status(db, sick), "failed");
    }

    fn two_scans_at_once_recover_each_once(db) {
        let ids: Vec<_> = (0..30).map(|_| audit(db, -20 * MINUTE, &json!([]))).collect();
        let text: Vec<_> = ids.iter().map(Uuid::to_string).collect();
        let by_hand: Vec<_> = ["recover", "audit"].into_iter().chain(text.iter().map(String::as_str)).collect();
        let scans: Vec<_> = (0..2).map(|_| scan(db, &[]).start()).collect();
        let hand = db.command(&by_hand).args(&["--now", NOW]).start();
        let mut recovered = 0;
        for scan in scans {
            let result = scan.done().json();
            recovered += result["recoveries_count"].as_u64().unwrap_or_else(|| {
                assert_eq!(result["reason"], "already_running");
                0
            });
        }
        recovered += hand.done().json()["recovered"].as_u64().unwrap();
        assert_eq!(recovered, 30);
        for id in ids {
            assert_eq!(of_audit(db, id, "execution_logs").as_array().unwrap().len(), 1);
        }
        promises::kept(db);
    }

    /// A real run on the database's own clock: it is alive, so a scan leaves it; an operator ends it, and it writes nothing more.
    fn a_live_run_survives_a_scan_and_one_that_is_recovered_by_hand_stops_itself(db) {
        let user = Player::default().insert(db);
        let id = conversation(db, user, -9000, &transcript(&["I work as a nurse."]));
        let run = db.command(&["process-conversations", "--lease", "2s"]).env("NIKITA_REHEARSE", "extraction=hang").env("NIKITA_PROCESS_TIMEOUT", "10m").start();
        eventually("it is claimed", || db.value(&format!("select status from conversations where id = '{id}'")) == "processing");
        let execution = db.value("select id from job_executions where status = 'running'");
        let result = db.run(&["scan-stuck", "--force"]).code(0).json();
        assert_eq!((&result["scanned"], &result["recoveries_count"]), (&json!(1), &json!(0)));
        let look = db.run(&["scan-stuck", "--execution", &execution]).code(0).json();
        assert_eq!((&look["task_running"], &look["is_healthy"]), (&json!(true), &json!(true)));
        db.run(&["recover", "execution", &execution]).code(0);
        let row = || db.rows(&format!("select status, completed_at, result from job_executions where id = '{execution}'"));
        let closed = row();
        assert_eq!(closed[0][0], "failed");
        let ended = run.done().code(1).json();
        assert_eq!(ended["error"]["kind"], "lease_lost");
        assert_eq!(row(), closed);
        // What it had claimed is for recover, and then done once.
        assert_eq!(db.run(&["recover", "--requeue", "--force"]).code(0).json()["recovered"], 1);
        assert_eq!(db.run(&["process-conversations", "--force"]).code(0).json()["processed"], 1);
        promises::kept(db);
    }

    fn wrong_settings_are_refused_by_name(db) {
        for name in ["AUDIT_STUCK_TIMEOUT_MINUTES", "AUDIT_NO_ACTIVITY_TIMEOUT_MINUTES", "AUDIT_HEALTH_CHECK_INTERVAL_SECONDS", "NIKITA_SCAN_BATCH", "NIKITA_SCAN_EXECUTION_TIMEOUT", "NIKITA_SCAN_WINDOW", "NIKITA_RECOVER_IDLE"] {
            for value in ["-1", "soon", "", "1.5", "0"] {
                if name == "NIKITA_SCAN_WINDOW" && value == "0" {
                    continue;
                }
                let done = db.command(&["scan-stuck"]).env(name, value).done().code(78);
                assert!(done.error().starts_with(&format!("{name}={value:?} ")), "{name}={value}: {}", done.error());
            }
        }
        assert!(db.run(&["scan-stuck", "--audit-timeout", "0"]).code(2).error().starts_with("--audit-timeout \"0\" must be"));
        assert_eq!(db.value("select count(*) from job_executions"), "0");
    }

    fn the_limits_and_the_window_go_by_their_settings(db) {
        let id = audit(db, -6 * MINUTE, &json!([]));
        let strict = scan(db, &[]).env("AUDIT_STUCK_TIMEOUT_MINUTES", "5").env("AUDIT_NO_ACTIVITY_TIMEOUT_MINUTES", "6").done().code(0).json();
        assert_eq!(reason(&strict, id).unwrap(), "Running for 6 minutes");
        let id = execution(db, "backup", -6 * MINUTE, None, None);
        let strict = scan(db, &["--no-activity", "5", "--execution-timeout", "300s"]).done().code(0).json();
        assert_eq!(reason(&strict, id).unwrap(), "Running for 6 minutes");
        // Four fifths of the interval: 240 s, or of 100 s, 80.
        let later = |seconds: i64, interval: &str| {
            db.command(&["scan-stuck", "--now", &time(seconds)]).env("AUDIT_HEALTH_CHECK_INTERVAL_SECONDS", interval).done()
        };
        let skipped = later(239, "300").code(75).json();
        assert_eq!(read_time(skipped["reopens_at"].as_str().unwrap()), read_time(&time(240)));
        later(79, "100").code(75);
        later(80, "100").code(0);
    }
}

/// The scan has seen the audit unhealthy, and waits for whoever is writing it: what has ended, or shown a sign of life
/// meanwhile, is left alone.
fn while_the_owner_writes(change: &str) -> (Db, Uuid, Value) {
    let db = Db::postgres();
    let id = audit(&db, -20 * MINUTE, &json!([]));
    let writing = db.hold(&change.replace("$id", &id.to_string()));
    let run = scan(&db, &[]).start();
    eventually("the scan waits for the row", || {
        db.number(
            "select count(*) from pg_stat_activity where datname = current_database() \
             and application_name = 'nikita-jobs' and wait_event_type = 'Lock'",
        ) == 1.0
    });
    writing.commit();
    let result = run.done().code(0).json();
    (db, id, result)
}

#[test]
fn an_audit_that_is_finished_meanwhile_is_left_alone() {
    let (db, id, result) = while_the_owner_writes(
        "update audit_reports set status = 'completed', completed_at = now(), summary = '{}' where audit_id = '$id'",
    );
    assert_eq!(result["recoveries_count"], 0);
    assert_eq!((audit_status(&db, id).as_str(), of_audit(&db, id, "summary")), ("completed", json!({})));
    promises::kept(&db);
}

#[test]
fn an_audit_that_logs_meanwhile_is_left_alone() {
    let entry = log(-1);
    let (db, id, result) = while_the_owner_writes(&format!(
        "update audit_reports set execution_logs = execution_logs || '[{entry}]' where audit_id = '$id'"
    ));
    assert_eq!(result["recoveries_count"], 0);
    assert_eq!((audit_status(&db, id).as_str(), of_audit(&db, id, "execution_logs")), ("in_progress", json!([entry])));
    assert_eq!(looked_at(&db, id)["is_healthy"], true);
}

/// The owner has renewed in time while the scan was at it.
#[test]
fn an_execution_that_beats_meanwhile_is_left_alone() {
    let db = Db::postgres();
    let id = execution(&db, "decay", -20 * MINUTE, Some(-16 * MINUTE), Some(60));
    let beat = at(-1);
    let writing = db.hold(&format!(
        "update job_leases set heartbeat_at = {beat} where execution_id = '{id}'; update job_executions set heartbeat_at = {beat} where id = '{id}'"
    ));
    let run = scan(&db, &[]).start();
    eventually("the scan waits for the lease", || {
        db.number(
            "select count(*) from pg_stat_activity where datname = current_database() \
             and application_name = 'nikita-jobs' and wait_event_type = 'Lock'",
        ) == 1.0
    });
    writing.commit();
    assert_eq!(run.done().code(0).json()["recoveries_count"], 0);
    assert_eq!((execution_status(&db, id).as_str(), leases(&db, id).as_str()), ("running", "1"));
}

/// A renewal touches the lease alone, as docs/audits.md has it: the scan waits for that, too.
#[test]
fn an_audit_that_is_renewed_meanwhile_is_left_alone() {
    let db = Db::postgres();
    let id = leased_audit(&db, -20 * MINUTE, &json!([]), 60, -16 * MINUTE);
    let beat = at(-1);
    let writing = db.hold(&format!("update job_leases set heartbeat_at = {beat} where execution_id = '{id}'"));
    let run = scan(&db, &[]).start();
    eventually("the scan waits for the lease", || {
        db.number(
            "select count(*) from pg_stat_activity where datname = current_database() \
             and application_name = 'nikita-jobs' and wait_event_type = 'Lock'",
        ) == 1.0
    });
    writing.commit();
    assert_eq!(run.done().code(0).json()["recoveries_count"], 0);
    assert_eq!((audit_status(&db, id).as_str(), leases(&db, id).as_str()), ("in_progress", "1"));
}

/// A row that can't be written is reported, and does not stop the others.
#[test]
fn an_error_on_one_row_is_reported_and_exits_3() {
    let db = Db::postgres();
    let (first, second) = (audit(&db, -25 * MINUTE, &json!([])), audit(&db, -20 * MINUTE, &json!([])));
    db.execute(&format!(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
         create trigger refuse before update on audit_reports for each row when (old.audit_id = '{first}') execute function refuse()"
    ));
    // The cap is for what succeeds: a row that never does takes nobody's place.
    let result = scan(&db, &["--batch", "1"]).done().code(3).json();
    assert_eq!((&result["status"], &result["recoveries_count"]), (&json!("partial"), &json!(1)));
    let [refused, recovered] = [&result["recoveries"][0], &result["recoveries"][1]];
    assert_eq!(
        (&refused["id"], &refused["success"], &refused["recovery_timestamp"]),
        (&json!(first), &json!(false), &Value::Null)
    );
    assert!(refused["error"].as_str().unwrap().contains("not this one"), "{result}");
    assert_eq!((&recovered["id"], &recovered["success"]), (&json!(second), &json!(true)));
    assert!(result["error"]["message"].as_str().unwrap().starts_with(&format!("audit {first}: ")), "{result}");
    let human = scan(&db, &["--format", "human"]).done().code(3).stdout();
    assert!(human.contains(&format!("audit {first} not recovered: No activity for 25 minutes (")), "{human}");
}

#[test]
fn the_names_of_the_earlier_system_say_what_has_replaced_them() {
    for (old, new) in [("detect-stuck", "recover --dry-run"), ("recover-stuck", "recover")] {
        for args in [&[old][..], &[old, "--limit", "50", "-x", "conversation"]] {
            let done = crate::support::bin::command(args).done().code(2);
            assert_eq!(done.error(), format!("{old} has been replaced: use `nikita-jobs {new}`"));
        }
    }
}
