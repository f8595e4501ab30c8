//! `check`: one violation of each promise is found on every database, and nothing else is; what is of other programs is left alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, time};

/// How each promise is broken, and which row is then found. Each has a player `{p}`, two conversations `{c}` and `{o}` and a run `{e}` of
/// its own, and ids for what else it needs: `{f}` and `{1}` to `{6}`.
const PLANTED: [(&str, char, &str); 26] = [
    ("state", 'c', "update conversations set status = 'limbo' where id = '{c}'"),
    ("token", 'c', "update conversations set claim_token = '{f}' where id = '{c}'"),
    (
        "claim_owner",
        'c',
        "update conversations set status = 'processing', claim_token = '{f}', claimed_by = '{f}' where id = '{c}'",
    ),
    (
        "one_claim",
        'p',
        "update conversations set status = 'processing', claim_token = '{f}', claimed_by = '{e}' where id in ('{c}', '{o}')",
    ),
    (
        "attempts",
        'c',
        "update conversations set processing_attempts = 4, processing_started_at = '{now}' where id = '{c}'",
    ),
    ("unstarted", 'c', "update conversations set processing_attempts = 1 where id = '{c}'"),
    (
        "effects_whole",
        'c',
        "update conversations set status = 'processed', processed_at = '{now}' where id = '{c}'; \
         insert into ready_prompts (id, user_id, platform, prompt_text, token_count, pipeline_version, is_current, conversation_id, created_at) \
         values ('{f}', '{p}', 'text', 'x', 1, 'nikita-jobs 0', {no}, '{c}', '{now}')",
    ),
    (
        "effects_early",
        'f',
        "insert into conversation_threads (id, user_id, thread_type, content, status, source_conversation_id, created_at) \
         values ('{f}', '{p}', 'follow_up', 'x', 'open', '{c}', '{now}')",
    ),
    (
        "said",
        'c',
        "update job_executions set status = 'completed', completed_at = '{now}', \
         result = '{\"conversations\": [{\"conversation_id\": \"{c}\", \"status\": \"success\"}]}' where id = '{e}'",
    ),
    ("signed", 'c', "update conversations set status = 'processed', closed_token = '{f}' where id = '{c}'"),
    (
        "memo",
        'c',
        "update conversations set status = 'processed', processed_at = '{now}', closed_token = '{f}' where id = '{c}'; \
         insert into stage_memos (conversation_id, stage, input_hash, answer, created_at) values ('{c}', 'extraction', 'x', 'x', '{now}')",
    ),
    (
        "superseded",
        'f',
        "insert into memory_facts (id, user_id, graph_type, fact, source, confidence, is_active, superseded_by, created_at) \
         values ('{f}', '{p}', 'user', 'x', 'pipeline_extraction', 0.85, {no}, '{gone}', '{now}')",
    ),
    (
        "life_day",
        'p',
        "insert into nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description) values \
         ('{1}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.'), ('{2}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.'), \
         ('{3}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.'), ('{4}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.'), \
         ('{5}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.'), ('{6}', '{p}', '{day}', 'morning', 'work', 'win', 'It went well.')",
    ),
    (
        "one_prompt",
        'p',
        "insert into ready_prompts (id, user_id, platform, prompt_text, token_count, pipeline_version, is_current, created_at) values \
         ('{1}', '{p}', 'text', 'x', 1, 'theirs', {yes}, '{now}'), ('{2}', '{p}', 'text', 'x', 1, 'theirs', {yes}, '{now}')",
    ),
    (
        "decay_sum",
        'f',
        "{charged} 49.50, 1, 'decay', '{\"decay_amount\": 0.6, \"hours_charged\": 1, \"score_before\": 50}', '{now}')",
    ),
    (
        "decay_twice",
        '2',
        "{charged} 49, 1, 'decay', '{\"decay_amount\": 1, \"hours_charged\": 1, \"score_before\": 50}', '{earlier}'); \
         {recharged} 48, 1, 'decay', '{\"decay_amount\": 1, \"hours_charged\": 1, \"score_before\": 49}', '{now}')",
    ),
    (
        "watermark",
        'p',
        "{charged} 49, 1, 'decay', '{\"decay_amount\": 1, \"hours_charged\": 1, \"score_before\": 50}', '{now}'); \
         update users set decayed_through = '{earlier}' where id = '{p}'",
    ),
    (
        "one_lease",
        'l',
        "{lease}; {lease}; update job_executions set status = 'running', completed_at = null where id = '{e}'",
    ),
    (
        "lease_owner",
        'l',
        "{lease}; update job_executions set status = 'failed', completed_at = '{now}' where id = '{e}'",
    ),
    ("run_lease", 'e', "update job_executions set status = 'running', completed_at = null where id = '{e}'"),
    ("run_end", 'e', "{lease}; update job_executions set status = 'running', completed_at = '{now}' where id = '{e}'"),
    (
        "run_twice",
        'e',
        "update job_executions set status = 'completed', result = '{\"crash_reason\": \"Owner is not running\"}' where id = '{e}'",
    ),
    (
        "runs_alone",
        'f',
        "update job_executions set job_name = 'decay', started_at = '{earlier}', status = 'completed' where id = '{e}'; \
         insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status) \
         values ('{f}', 'decay', '{between}', '{now}', '{now}', 'completed')",
    ),
    (
        "audit_recovered",
        'f',
        "{audit} 'completed', '{now}', '{\"crash_detected\": true}', '[{\"source\": \"Recovery Service\"}]')",
    ),
    ("audit_twice", 'f', "{audit} 'completed', '{now}', null, '[{\"source\": \"Recovery Service\"}]')"),
    (
        "audit_lease",
        'f',
        "{audit} 'failed', '{now}', '{\"crash_detected\": true}', '[{\"source\": \"Recovery Service\"}]'); \
         insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
         values ('audit:' || '{f}', '{f}', '{f}', 'h', 1, '{now}', '{now}', '{now}')",
    ),
];

/// What is no violation: an empty promise; and what is one although it nearly looks like none: the promise and the row.
const BESIDE: [(&str, char, &str); 11] = [
    // The application has reset what our commit had closed. Only `signed` says so.
    (
        "signed",
        'c',
        "update conversations set closed_token = '{f}' where id = '{c}'; \
         insert into conversation_threads (id, user_id, thread_type, content, status, source_conversation_id, created_at) \
         values ('{f}', '{p}', 'follow_up', 'x', 'open', '{c}', '{now}'); \
         update job_executions set status = 'completed', \
         result = '{\"conversations\": [{\"conversation_id\": \"{c}\", \"status\": \"success\"}]}' where id = '{e}'",
    ),
    // Closed, and overwritten by a rescue.
    (
        "signed",
        'c',
        "update conversations set status = 'failed', closed_token = '{f}', claimed_at = '{earlier}', processed_at = '{now}', \
         processing_started_at = '{now}' where id = '{c}'",
    ),
    // A later claim has failed.
    (
        "",
        'c',
        "update conversations set status = 'failed', closed_token = '{f}', claimed_at = '{now}', processed_at = '{earlier}', \
         processing_started_at = '{now}' where id = '{c}'",
    ),
    // The application's thread of a conversation in progress.
    (
        "",
        'o',
        "insert into conversation_threads (id, user_id, thread_type, content, status, source_conversation_id, created_at) \
         values ('{o}', '{p}', 'follow_up', 'x', 'open', '{c}', '{now}')",
    ),
    // Less than a step, twice at one instant.
    (
        "decay_twice",
        'f',
        "{charged} 49.98, 1, 'decay', '{\"decay_amount\": 0.01, \"hours_charged\": 0.0125, \"score_before\": 49.99}', '{now}'); \
         {recharged} 49.99, 1, 'decay', '{\"decay_amount\": 0.01, \"hours_charged\": 0.0125, \"score_before\": 50}', '{now}')",
    ),
    // Its own log names the service; it was recovered, set back by its owner, and recovered again.
    (
        "",
        'f',
        "{audit} 'failed', '{now}', '{\"crash_detected\": true, \"recovery_timestamp\": \"2\"}', \
         '[\"a line\", 5, null, {\"message\": \"checking the Recovery Service\"}, {\"source\": \"Recovery Service\", \"timestamp\": \"1\"}, \
         {\"source\": \"Recovery Service\", \"timestamp\": \"2\"}]')",
    ),
    ("", 'f', "{audit} 'completed', '{now}', '{\"crash_detected\": false}', '[\"Recovery Service\"]')"),
    ("", 'f', "{audit} 'completed', '{now}', null, '[{\"message\": \"checked the recovery service\"}]')"),
    // Set back by its owner after a recovery.
    ("", 'f', "{audit} 'in_progress', null, null, '[{\"source\": \"Recovery Service\"}]')"),
    // The clock jumped ahead during the first run, which took a second.
    (
        "",
        'f',
        "update job_executions set job_name = 'decay', started_at = '{earlier}', status = 'completed', duration_ms = 1000 where id = '{e}'; \
         insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status) \
         values ('{f}', 'decay', '{between}', '{now}', '{now}', 'completed')",
    ),
    // Attempts that another program has counted.
    (
        "",
        'c',
        "insert into job_executions (id, job_name, started_at, status) values ('{f}', 'process-conversations', '{now}', 'running'); \
         update conversations set processing_attempts = 5, processing_started_at = '{now}', status = 'failed' where id = '{c}'",
    ),
];

/// What keeps some of the violations out.
const GUARDS: &str = "drop index ready_prompts_current; drop index conversations_one_claim_per_player";
const MORE_GUARDS: [&str; 2] = [
    "alter table conversations drop constraint conversations_status_check; alter table job_leases drop constraint job_leases_pkey",
    "alter table job_leases rename to leases; create table job_leases as select * from leases; drop table leases",
];

/// The id of a row: of version 5 where the jobs would derive it, of version 4 where it is the application's, or a lease's key.
fn id(kind: char, number: usize) -> String {
    let (first, version) = match kind {
        'p' => ('a', 4),
        'o' => ('d', 4),
        'c' | 'e' => (kind, 4),
        'l' => return format!("job:planted:{number}"),
        derived => (derived, 5),
    };
    format!("{first}0000000-0000-{version}000-8000-0000000000{number:02}")
}

/// Puts rows and values in place of what stands in braces.
fn with_values(sql: &str, number: usize, db: &Db) -> String {
    let history =
        "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) values";
    let (yes, no) = if db.is_postgres() { ("true", "false") } else { ("1", "0") };
    let phrases = [
        ("{charged}", format!("update users set decayed_through = '{NOW}' where id = '{{p}}'; {history} ('{{f}}', '{{p}}',")),
        ("{recharged}", format!("{history} ('{{2}}', '{{p}}',")),
        (
            "{lease}",
            "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
             values ('{l}', '{e}', '{f}', 'h', 1, '{now}', '{now}', '{now}')"
                .to_owned(),
        ),
        (
            "{audit}",
            "insert into audit_reports (audit_id, audit_type, audit_date, status, completed_at, summary, execution_logs) \
             values ('{f}', 'nightly', '{now}',"
                .to_owned(),
        ),
        ("{now}", NOW.to_owned()),
        ("{earlier}", time(-1800)),
        ("{between}", time(-900)),
        ("{day}", NOW[..10].to_owned()),
        ("{gone}", id('9', number)),
        ("{yes}", yes.to_owned()),
        ("{no}", no.to_owned()),
    ];
    let sql = phrases.iter().fold(sql.to_owned(), |sql, (phrase, value)| sql.replace(phrase, value));
    "pcoefl123456".chars().fold(sql, |sql, kind| sql.replace(&format!("{{{kind}}}"), &id(kind, number)))
}

/// A player, two conversations that nobody has begun, and a run that has failed.
const GROUND: &str = "insert into users (id, relationship_score, chapter, game_status, onboarding_status, notifications_enabled, timezone) \
     values ('{p}', 50, 1, 'active', 'completed', {yes}, 'UTC'); \
     insert into conversations (id, user_id, platform, messages, status, processing_attempts, started_at, updated_at) values \
     ('{c}', '{p}', 'text', '[]', 'active', 0, '{now}', '{now}'), ('{o}', '{p}', 'text', '[]', 'active', 0, '{now}', '{now}'); \
     insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status) \
     values ('{e}', 'process-conversations', '{now}', '{now}', '{now}', 'failed')";

/// Breaks every promise once.
pub fn plant(db: &Db) {
    for number in 0..PLANTED.len() {
        db.execute(&with_values(GROUND, number, db));
    }
    promises::kept(db);
    db.execute(GUARDS);
    db.execute(MORE_GUARDS[usize::from(!db.is_postgres())]);
    for (number, (_, _, sql)) in PLANTED.iter().enumerate() {
        let sql = with_values(sql, number, db);
        db.execute(&if db.is_postgres() { sql } else { format!("pragma ignore_check_constraints = on; {sql}") });
    }
}

/// The rows that were found, by promise.
fn found(result: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let rows = |it: &Value| it["rows"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect();
    let promises = result["promises"].as_array().unwrap().iter();
    promises.map(|it| (text(&it["name"]), rows(it))).collect()
}

/// Each promise is broken by the row that was planted, and by no other.
pub fn finds_what_was_planted(db: &Db) {
    let result = promises::looked_up(db, &[]);
    let expected: BTreeMap<_, _> = PLANTED
        .iter()
        .enumerate()
        .map(|(number, (name, kind, _))| ((*name).to_owned(), BTreeSet::from([id(*kind, number)])))
        .collect();
    assert_eq!(found(&result), expected);
    assert_eq!(
        ["status", "exit_code", "checked", "broken"].map(|it| &result[it]),
        [&json!("broken"), &json!(1), &json!(PLANTED.len()), &json!(PLANTED.len())]
    );
}

on_every_database! {
    fn one_violation_of_each_promise_is_found_and_nothing_else(db) {
        plant(db);
        finds_what_was_planted(db);
        // What has changed since: nothing.
        let result = promises::looked_up(db, &["--since", "1h"]);
        assert_eq!((&result["broken"], &result["exit_code"]), (&json!(0), &json!(0)), "{result}");
        let said = db.command(&["check", "--format", "human"]).done().code(1).stdout();
        assert!(said.starts_with("26 of 26 promises are broken.") && said.contains(&id('p', 3)), "{said}");
        // What was planted is nothing that the application would accept, and nothing that a job of ours has written.
        db.execute("delete from ready_prompts");
    }

    fn what_other_programs_do_is_no_violation_and_hides_none(db) {
        for (number, (_, _, sql)) in BESIDE.iter().enumerate() {
            db.execute(&with_values(GROUND, number, db));
            db.execute(&with_values(sql, number, db));
        }
        let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (number, (promise, kind, _)) in BESIDE.iter().enumerate().filter(|(_, (promise, ..))| !promise.is_empty()) {
            expected.entry((*promise).to_owned()).or_default().insert(id(*kind, number));
        }
        let result = promises::looked_up(db, &[]);
        let found: BTreeMap<_, _> = found(&result).into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
        assert_eq!(found, expected, "{result}");
        db.execute("delete from conversation_threads");
    }

    fn no_more_rows_are_listed_than_asked_for(db) {
        for number in 0..3 {
            db.execute(&with_values(GROUND, number, db));
            db.execute(&with_values(PLANTED[5].2, number, db));
        }
        let result = promises::looked_up(db, &["--rows", "2"]);
        let promise = result["promises"].as_array().unwrap().iter().find(|it| it["name"] == "unstarted").unwrap();
        assert_eq!((promise["rows"].as_array().unwrap().len(), &promise["more"]), (2, &json!(true)));
        // Where another program counts attempts as well, they say nothing.
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, status) values ('{}', 'process-conversations', '{NOW}', 'running')",
            id('9', 0)
        ));
        promises::kept(db);
    }
}

/// One odd value is one odd row, and hides no answer.
#[test]
fn odd_values_end_no_check_on_postgresql() {
    let db = Db::postgres();
    db.execute(&with_values(GROUND, 0, &db));
    db.execute(
        "alter table score_history alter event_details type json; alter table job_executions alter result type json",
    );
    db.execute("alter table conversations alter status drop not null");
    let charge = |number: &str, details: &str, at: &str| {
        db.execute(&format!(
            "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) \
             values ('{}', '{}', 49, 1, 'decay', '{details}', '{at}')",
            id('f', number.parse().unwrap()),
            id('p', 0)
        ));
    };
    charge("1", r#"{"decay_amount": 1, "hours_charged": 1, "score_before": 50}"#, "294276-12-31 23:59:59.9999+00");
    charge("2", r#"{"decay_amount": 1, "hours_charged": 1, "score_before": 50}"#, "4713-01-01 00:00:00+00 BC");
    charge("3", r#"{"decay_amount": 1e-16000, "hours_charged": 1e131000, "score_before": 50}"#, NOW);
    db.execute(&with_values(
        "insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, duration_ms) values \
         ('{1}', 'decay', '294276-12-31 23:59:59+00', null, '{now}', 'failed', null), \
         ('{2}', 'decay', '{earlier}', '{now}', '{now}', 'completed', 9223372036854775807), ('{3}', 'decay', '{now}', '{now}', '{now}', 'completed', -1); \
         update conversations set status = null, claim_token = '{f}' where id = '{c}'",
        0,
        &db,
    ));
    let result = promises::looked_up(&db, &[]);
    assert!(!result.to_string().contains("can't be checked"), "{result}");
    assert_eq!((&result["status"], found(&result)["token"].len()), (&json!("broken"), 1), "{result}");
    // What the database can't read at all is one promise's answer.
    db.execute("alter table audit_reports alter execution_logs type text");
    db.execute(&with_values("{audit} 'failed', '{now}', '{\"crash_detected\": true}', 'no JSON')", 0, &db));
    let result = promises::looked_up(&db, &[]);
    let is_unanswered = |it: &&Value| it.to_string().contains("can't be checked");
    let unanswered = result["promises"].as_array().unwrap().iter().filter(is_unanswered);
    assert_eq!(unanswered.map(|it| it["name"].clone()).collect::<Vec<_>>(), ["audit_recovered"], "{result}");
    assert_eq!(found(&result)["token"].len(), 1, "{result}");
    db.execute("drop table audit_reports, job_executions cascade");
}

#[test]
fn odd_values_end_no_check_on_sqlite() {
    let db = Db::sqlite();
    db.execute(&with_values(GROUND, 0, &db));
    db.execute(&with_values(
        "pragma ignore_check_constraints = on; update conversations set id = cast(x'ff41' as text), processing_attempts = 4, \
         processing_started_at = updated_at where id = '{c}'",
        0,
        &db,
    ));
    let result = promises::looked_up(&db, &[]);
    assert_eq!(found(&result)["attempts"], BTreeSet::from(["unreadable".to_owned()]), "{result}");
    db.execute("delete from conversations");
}

#[test]
fn the_documentation_lists_every_promise() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md")).unwrap();
    let result = promises::looked_up(&Db::sqlite(), &[]);
    let rows = result["promises"].as_array().unwrap().iter().map(|it| {
        let limits = it["limits"].as_str().unwrap_or_default();
        format!("| `{}` | {} | {limits} |", it["name"].as_str().unwrap(), it["promise"].as_str().unwrap())
    });
    let missing: Vec<_> = rows.filter(|row| !page.contains(row)).collect();
    assert!(missing.is_empty(), "docs/reliability.md lacks:\n{}", missing.join("\n"));
}
