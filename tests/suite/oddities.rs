//! Every oddity (spec 07): each column that a statement reads (`src/store/columns/list.rs`) × each odd value that its type can hold, in the
//! rows of one player among others. Whatever stands there, the others' work is done, no command ends with 70, and nothing of ours
//! stays in `processing`.
//!
//! Many odd players share a database with three whom nothing is wrong with; where that goes wrong, it is halved until one oddity is left
//! to name. A spread of them is tried in each run; `NIKITA_ODDITIES=all` tries all.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::db::Db;
use crate::support::seed::{NOW, at, transcript};

/// How many odd players share a database.
const AT_ONCE: usize = 60;
/// How many players nothing is wrong with.
const SOUND: usize = 3;
/// A job's exit codes, and those of what looks.
const JOBS: [i32; 2] = [0, 3];
const LOOKS: [i32; 5] = [0, 1, 3, 69, 78];

#[derive(Clone, Debug)]
struct Oddity {
    table: String,
    column: String,
    value: String,
}

/// The list of columns, read off the source: name and kind, by table.
fn columns() -> Vec<(String, String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/columns/list.rs");
    let source = fs::read_to_string(path).expect("the list");
    let body = source.split_once("static TABLES").expect("the list").1;
    let (mut table, mut columns, mut words) = (String::new(), Vec::new(), body.split('"'));
    words.next();
    while let (Some(name), Some(rest)) = (words.next(), words.next()) {
        let kind = rest.trim_start_matches([',', ' ']).split([',', ')']).next().unwrap_or_default().trim();
        if rest.trim_start_matches([',', ' ', '\n']).starts_with("&[") {
            name.clone_into(&mut table);
        } else if kind.chars().all(char::is_alphabetic) && !kind.is_empty() {
            columns.push((table.clone(), name.to_owned(), kind.to_owned()));
        }
    }
    columns
}

/// The odd values of a kind, as SQL.
fn odd_values(kind: &str, postgres: bool) -> Vec<&'static str> {
    let both: &[&str] = match kind {
        "Text" => &["null", "''", "'a word that nobody knows'", "'\u{1b}[31m<b>&'"],
        "Integer" => &["null", "-1", "0", "2147483647"],
        "Bigint" => &["null", "-1", "9223372036854775807"],
        "Number" => &["null", "-5", "1500", "1e20", "0.123456789"],
        "Real" => &["null", "-5", "1e30"],
        "Bool" | "Vector" => &["null"],
        "Time" => &["null", "'9999-12-31T00:00:00.000000Z'", "'2300-01-01T00:00:00.000000Z'"],
        "Date" => &["null", "'9999-12-31'"],
        "Json" => &[
            "null",
            "'null'",
            "'[]'",
            "'{}'",
            "'7'",
            "'\"words\"'",
            "'[1, null, {\"a\": []}]'",
            "'\"[{\\\"role\\\": \\\"user\\\", \\\"content\\\": \\\"I work as a nurse.\\\"}]\"'",
            "'{\"conversations\": [[], 1, {\"status\": 7}], \"temperature\": \"hot\", \"event_type\": [1]}'",
        ],
        "Id" => &["null", "'00000000-0000-4000-8000-000000000000'"],
        _ => &[],
    };
    let own: &[&str] = match (kind, postgres) {
        ("Time", true) => &["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'294000-01-01'"],
        ("Time", false) => {
            &["'infinity'", "'0000-01-01T00:00:00.000000Z'", "''", "'2026-13-45T99:99:99.999999Z'", "'now'"]
        }
        ("Date", true) => &["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'5800000-01-01'"],
        ("Date", false) => &["'soon'", "'0000-00-00'"],
        ("Number", true) => &["'NaN'"],
        ("Real", true) => &["'NaN'", "'infinity'", "'-infinity'"],
        ("Number" | "Real", false) => &["9e999", "-9e999"],
        ("Json", false) => &["'not JSON {'", "''"],
        ("Id", false) => {
            &["'42'", "'ABCDEF00-0000-4000-8000-000000000000'", "'abcdef00000040008000000000000000'", "''"]
        }
        ("Key", false) => {
            &["'42-N'", "upper(COLUMN)", "replace(COLUMN, '-', '')", "replace(COLUMN, '-', 'a')", "COLUMN || ' '"]
        }
        ("Vector", true) => &["'{}'", "'{NaN}'", "'{1,2}'"],
        ("Vector", false) => &["x''", "x'00'", "x'0000c07f'"],
        _ => &[],
    };
    both.iter().chain(own).copied().collect()
}

/// The tables in which each player has rows here.
const TABLES: [&str; 19] = [
    "users",
    "user_metrics",
    "user_vice_preferences",
    "engagement_state",
    "conversations",
    "score_history",
    "daily_summaries",
    "conversation_threads",
    "nikita_thoughts",
    "memory_facts",
    "ready_prompts",
    "nikita_life_events",
    "nikita_emotional_states",
    "scheduled_touchpoints",
    "scheduled_events",
    "job_executions",
    "audit_reports",
    "job_leases",
    "stage_memos",
];

fn all(postgres: bool) -> Vec<Oddity> {
    let known = columns();
    assert!(known.len() > 150, "the list of columns is read as {} columns", known.len());
    let mut oddities = Vec::new();
    for (table, column, kind) in known.into_iter().filter(|it| TABLES.contains(&it.0.as_str())) {
        for value in odd_values(&kind, postgres) {
            let value = value.replace("COLUMN", &column);
            oddities.push(Oddity { table: table.clone(), column: column.clone(), value });
        }
    }
    oddities
}

/// The id of a row: by what it is, whose it is, and which of the two.
fn id(what: u32, whose: usize, which: u32) -> String {
    format!("{what:08x}-000{which}-4000-8000-{whose:012x}")
}

/// Two players with all that a game leaves behind: one has a conversation that is due, the other's is stuck. And runs and an audit
/// of which nobody hears any more.
fn rows(whose: usize) -> String {
    let mut sql = String::new();
    let talk = transcript(&["I work as a nurse in Lisbon.", "That sounds lovely!", "I love climbing."]).to_string();
    let (old, idle, due) = (at(-100 * 3600), at(-3 * 3600), at(-3600));
    for which in [0, 1] {
        let user = id(1, whose, which);
        let row = |what: u32| id(what, whose, which);
        let (status, attempts) = if which == 0 { ("active", 0) } else { ("processing", 1) };
        let _ = write!(
            sql,
            "insert into users (id, telegram_id, relationship_score, chapter, game_status, onboarding_status, last_interaction_at) \
                 values ('{user}', {whose}, 45, 1, 'active', 'completed', {old}); \
             insert into user_metrics (id, user_id) values ('{}', '{user}'); \
             insert into user_vice_preferences (id, user_id, category) values ('{}', '{user}', 'wit'); \
             insert into engagement_state (id, user_id) values ('{}', '{user}'); \
             insert into conversations (id, user_id, messages, status, processing_attempts, started_at, last_message_at, \
                 processing_started_at, updated_at, score_delta) \
                 values ('{}', '{user}', '{talk}', '{status}', {attempts}, {due}, {due}, {idle}, {idle}, 1.5); \
             insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) \
                 values ('{}', '{user}', 50, 1, 'decay', '{{\"decay_amount\": 1.5}}', {old}); \
             insert into daily_summaries (id, user_id, date, summary_text, key_moments) values ('{}', '{user}', '2026-11-17', 'A day', '[]'); \
             insert into conversation_threads (id, user_id, content, created_at) values ('{}', '{user}', 'Climbing', {old}); \
             insert into nikita_thoughts (id, user_id, content, created_at) values ('{}', '{user}', 'I miss them', {old}); \
             insert into memory_facts (id, user_id, graph_type, fact, created_at) values ('{}', '{user}', 'user', 'I like tea', {old}); \
             insert into ready_prompts (id, user_id, platform, prompt_text, created_at) values ('{}', '{user}', 'text', 'A prompt', {old}); \
             insert into nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description) \
                 values ('{}', '{user}', '2026-11-18', 'morning', 'work', 'meeting', 'A long meeting'); \
             insert into nikita_emotional_states (state_id, user_id, last_updated) values ('{}', '{user}', {old}); \
             insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, delivery_at) \
                 values ('{}', '{user}', 'event', '{{\"trigger_type\": \"event\", \"event_type\": \"decay_warning\", \"chapter\": 1, \
                     \"emotional_state\": {{}}}}', {old}); \
             insert into scheduled_events (id, user_id, event_type, scheduled_at) values ('{}', '{user}', 'message', {old}); \
             insert into stage_memos (conversation_id, stage, input_hash, answer) values ('{}', 'summary', 'x', '{{}}'); ",
            row(2),
            row(3),
            row(4),
            row(5),
            row(6),
            row(7),
            row(8),
            row(9),
            row(10),
            row(11),
            row(12),
            row(13),
            row(14),
            row(15),
            row(5)
        );
    }
    let run = |which| id(16, whose, which);
    let audit = id(17, whose, 0);
    let _ = write!(
        sql,
        "insert into job_executions (id, job_name, started_at, status) values ('{}', 'backup', {idle}, 'running'); \
         insert into job_executions (id, job_name, started_at, heartbeat_at, status) values ('{}', 'backup', {idle}, {idle}, 'running'); \
         insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, result, duration_ms, cost_usd) \
             values ('{}', 'process-conversations', {idle}, {idle}, {idle}, 'completed', \
             '{{\"conversations\": [{{\"conversation_id\": \"x\", \"status\": \"success\", \"total_duration_ms\": 5}}]}}', 7, 0.1); \
         insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs) \
             values ('{audit}', 'nightly', 'in_progress', {idle}, '[{{\"timestamp\": \"2026-11-18T09:00:00Z\"}}]'); \
         insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
             values ('audit:{audit}', '{audit}', '{audit}', 'h', 1, {idle}, {idle}, {idle}); ",
        run(0),
        run(1),
        run(2)
    );
    sql
}

impl Oddity {
    /// What makes it so.
    fn sql(&self, whose: usize, postgres: bool) -> String {
        let Self { table, column, value } = self;
        let two = |what| format!("('{}', '{}')", id(what, whose, 0), id(what, whose, 1));
        let rows = match table.as_str() {
            "users" => format!("id in {}", two(1)),
            "job_executions" => {
                format!("id in ('{}', '{}', '{}')", id(16, whose, 0), id(16, whose, 1), id(16, whose, 2))
            }
            "audit_reports" => format!("audit_id = '{}'", id(17, whose, 0)),
            "job_leases" => format!("lease_key = 'audit:{}'", id(17, whose, 0)),
            "stage_memos" => format!("conversation_id in {}", two(5)),
            _ => format!("user_id in {}", two(1)),
        };
        let value = value.replace('N', &whose.to_string());
        // On PostgreSQL an application's column may be wider than ours.
        let before = if postgres { "" } else { "pragma ignore_check_constraints = on; pragma foreign_keys = off; " };
        let mut sql = format!("{before}update {table} set {column} = {value} where {rows}");
        if (table.as_str(), column.as_str()) == ("users", "id") {
            for other in TABLES
                .iter()
                .filter(|it| !["users", "job_executions", "audit_reports", "job_leases", "stage_memos"].contains(it))
            {
                let of_user = value.replace("(id", "(user_id").replace("id ||", "user_id ||");
                let _ = write!(sql, "; update {other} set user_id = {of_user} where user_id in {}", two(1));
            }
        }
        sql
    }
}

/// Columns as wide as an application may have them.
const WIDEN: &str = "drop view nikita_jobs_latest_runs; drop view nikita_jobs_failures; do $$ declare it record; begin \
    for it in select conrelid::regclass as t, conname from pg_constraint where contype in ('c', 'f') and connamespace = 'public'::regnamespace loop \
        execute format('alter table %s drop constraint %I', it.t, it.conname); end loop; \
    for it in select c.oid::regclass as t, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid \
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and a.attnotnull and not a.attisdropped \
        and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey)) loop \
        execute format('alter table %s alter column %I drop not null', it.t, it.attname); end loop; \
    for it in select c.oid::regclass as t, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid \
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.atttypid = 'numeric'::regtype and a.atttypmod > 0 \
        and c.relname <> 'score_history' loop \
        execute format('alter table %s alter column %I type numeric', it.t, it.attname); end loop; end $$";

/// Tries them together; how many the database took, or what went wrong.
fn attempt(postgres: bool, oddities: &[Oddity]) -> Result<usize, String> {
    let db = if postgres { Db::postgres() } else { Db::sqlite() };
    if postgres {
        db.execute(WIDEN);
    } else {
        db.run(&["recover"]).code(0);
    }
    for whose in 0..SOUND {
        db.execute(&rows(whose));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    let page = page.to_str().expect("UTF-8");
    let mut taken = 0;
    for (n, oddity) in oddities.iter().enumerate() {
        db.execute(&rows(SOUND + n));
        taken += usize::from(db.try_execute(&oddity.sql(SOUND + n, postgres)).is_ok());
    }
    for (args, codes) in [
        (&["decay", "--force", "--now", NOW][..], &JOBS[..]),
        (&["recover", "--requeue", "--force", "--now", NOW, "--batch", "1000"], &JOBS),
        (&["process-conversations", "--force", "--now", NOW, "--batch", "1000"], &JOBS),
        (&["scan-stuck", "--force", "--now", NOW, "--batch", "1000"], &JOBS),
        (&["health", "--now", NOW], &LOOKS),
        (&["stats", "--now", NOW], &LOOKS),
        (&["status", "--now", NOW], &LOOKS),
        (&["report", "--now", NOW, "--output", page], &LOOKS),
        (&["doctor", "--now", NOW], &LOOKS),
        (&["check", "--now", NOW], &LOOKS),
    ] {
        let done = db.run(args);
        if !done.exit().is_some_and(|code| codes.contains(&code)) {
            return Err(format!("{args:?} ended with {:?}\n{}\n{}", done.exit(), done.stdout(), done.stderr()));
        }
    }
    for whose in 0..SOUND {
        for which in [0, 1] {
            let told = |what: &str, sql: String, right: &dyn Fn(&str) -> bool| {
                let is = db.value(&sql);
                if right(&is) { Ok(()) } else { Err(format!("a sound player: {what} is {is}")) }
            };
            let [user, conversation] = [1, 5].map(|what| id(what, whose, which));
            told("status", format!("select status from conversations where id = '{conversation}'"), &|it| {
                it == "processed"
            })?;
            told("score", format!("select relationship_score from users where id = '{user}'"), &|it| {
                it.parse::<f64>().is_ok_and(|score| score < 45.0)
            })?;
            let run = id(16, whose, which);
            told("run", format!("select status from job_executions where id = '{run}'"), &|it| it == "failed")?;
        }
        let audit = id(17, whose, 0);
        let status = db.value(&format!("select status from audit_reports where audit_id = '{audit}'"));
        if status != "failed" {
            return Err(format!("a sound audit is {status}"));
        }
    }
    let left = db.value("select count(*) from conversations where status = 'processing' and claim_token is not null");
    if left == "0" { Ok(taken) } else { Err(format!("claims left in processing: {left}")) }
}

/// The first oddity that goes wrong by itself, or all of them where only many do.
fn blame(postgres: bool, oddities: &[Oddity], why: &str) -> String {
    let (a, b) = oddities.split_at(oddities.len() / 2);
    for half in [a, b].into_iter().filter(|half| !half.is_empty() && half.len() < oddities.len()) {
        if let Err(why) = attempt(postgres, half) {
            return blame(postgres, half, &why);
        }
    }
    format!("{oddities:#?}\n{why}")
}

fn try_all(postgres: bool) {
    let all = all(postgres);
    let whole = env::var_os("NIKITA_ODDITIES").is_some_and(|it| it == "all");
    let step = if whole { 1 } else { all.len().div_ceil(AT_ONCE) };
    let tried: Vec<Oddity> = all.into_iter().step_by(step).collect();
    let mut faults = Vec::new();
    for some in tried.chunks(AT_ONCE) {
        match attempt(postgres, some) {
            Ok(taken) => assert!(taken * 2 > some.len(), "the database takes only {taken} of {}", some.len()),
            Err(why) => faults.push(blame(postgres, some, &why)),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn one_odd_row_is_one_odd_item_on_sqlite() {
    try_all(false);
}

#[test]
fn one_odd_row_is_one_odd_item_on_postgres() {
    try_all(true);
}
