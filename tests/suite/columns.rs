//! One list says which columns our statements use (spec 09, "Adoption"): each is missed by name, and `migrate` adds what it can.

use std::collections::BTreeSet;

use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, conversation, transcript};

/// What identifies rows and their owners; nobody can make that up.
const KEYS: [(&str, &[&str]); 17] = [
    ("users", &["id"]),
    ("user_metrics", &["user_id"]),
    ("user_vice_preferences", &["user_id"]),
    ("engagement_state", &["user_id"]),
    ("conversations", &["id", "user_id"]),
    ("score_history", &["id", "user_id"]),
    ("daily_summaries", &["id", "user_id"]),
    ("conversation_threads", &["id", "user_id"]),
    ("nikita_thoughts", &["id", "user_id"]),
    ("memory_facts", &["id", "user_id"]),
    ("ready_prompts", &["id", "user_id"]),
    ("nikita_life_events", &["event_id", "user_id"]),
    ("nikita_emotional_states", &["state_id", "user_id"]),
    ("scheduled_touchpoints", &["id", "user_id"]),
    ("scheduled_events", &["id", "user_id"]),
    ("job_executions", &["id"]),
    ("audit_reports", &["audit_id"]),
];

/// In our own tables, and asked for by none of our statements.
const UNUSED: [&str; 12] = [
    "users.updated_at",
    "user_metrics.id",
    "user_vice_preferences.id",
    "engagement_state.id",
    "conversations.chapter_at_time",
    "nikita_emotional_states.conflict_details",
    "scheduled_touchpoints.delivered_at",
    "scheduled_events.created_at",
    "nikita_jobs_migrations.needs",
    // Ours, and no application's to take away: a run that finds them gone can't even begin.
    "nikita_jobs_migrations.version",
    "job_leases.lease_key",
    "job_leases.expires_at",
];

fn columns(db: &Db) -> Vec<Vec<String>> {
    db.rows(if db.is_postgres() {
        "select table_name, column_name from information_schema.columns join information_schema.tables using (table_schema, table_name) \
         where table_schema = 'public' and table_type = 'BASE TABLE' order by 1, 2"
    } else {
        "select m.name, c.name from sqlite_master m, pragma_table_xinfo(m.name) c where m.type = 'table' \
         and m.name not like 'sqlite_%' order by 1, 2"
    })
}

fn is_key(table: &str, column: &str) -> bool {
    let ours = ["execution_id", "token", "provider", "conversation_id", "stage", "input_hash", "address", "model"];
    KEYS.iter().any(|(name, keys)| *name == table && keys.contains(&column))
        || ["job_leases", "provider_breakers", "provider_lessons", "stage_memos"].contains(&table)
            && ours.contains(&column)
}

/// A table at a time, because a run of the binary for each column would take minutes.
fn each_is_missed_by_name(db: &Db) {
    let all = columns(db);
    let tables: BTreeSet<&String> = all.iter().map(|it| &it[0]).collect();
    for table in tables {
        let used = all.iter().filter(|it| &it[0] == table && !UNUSED.contains(&it.join(".").as_str()));
        let (keys, others): (Vec<_>, Vec<_>) = used.map(|it| &it[1]).partition(|column| is_key(table, column));
        for (gone, migrate_helps) in [(others, true), (keys, false)] {
            if gone.is_empty() {
                continue;
            }
            let rename = |from: &str, to: &str| {
                for column in &gone {
                    db.execute(&format!("alter table {table} rename column {from}{column} to {to}{column}"));
                }
            };
            rename("", "gone_");
            // An SQLite file would be mended by a job.
            let job: &[&str] = if db.is_postgres() { &["recover", "--force"] } else { &["status"] };
            let said = db.run(job).code(78).error();
            let doctor = db.run(&["doctor"]).code(78).json().to_string();
            for column in &gone {
                let column = format!("{table}.{column}");
                assert!(said.contains(&column), "{column} is not named: {said}");
                assert!(doctor.contains(&column), "{column} is not named by doctor: {doctor}");
            }
            assert_eq!(said.contains("nikita-jobs migrate"), migrate_helps, "{table}: {said}");
            if !migrate_helps {
                assert_eq!(db.run(&["migrate"]).code(78).error(), said);
            }
            rename("gone_", "");
        }
    }
    db.run(&["recover"]).code(0);
}

#[test]
fn doctor_names_a_column_that_is_gone() {
    let db = Db::sqlite();
    // SQLite lets no column go that a view shows.
    db.execute("drop view nikita_jobs_latest_runs");
    db.execute("alter table job_executions drop column cost_usd");
    assert!(db.run(&["doctor"]).json().to_string().contains("job_executions.cost_usd"));
}

#[test]
fn each_column_that_is_gone_is_named_postgres() {
    each_is_missed_by_name(&Db::postgres());
}

#[test]
fn each_column_that_is_gone_is_named_sqlite() {
    each_is_missed_by_name(&Db::sqlite());
}

/// Tables with their keys alone become tables that every job can work on.
fn is_completed(db: &Db) {
    for (table, keys) in KEYS {
        let kind = if db.is_postgres() { "uuid" } else { "text" };
        let keys: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(i, key)| format!("{key} {kind}{}", if i == 0 { " primary key" } else { "" }))
            .collect();
        db.execute(&format!("create table {table} ({})", keys.join(", ")));
    }
    // A row of before: a column that is added to it must say something.
    db.execute("insert into users (id) values ('00000000-0000-4000-8000-000000000099')");
    let plan = db.run(&["migrate", "--plan"]).code(0).json();
    assert!(plan["additions"].as_array().unwrap().len() >= KEYS.len(), "{plan}");
    assert_eq!(db.value("select count(*) from users"), "1");
    db.run(&["migrate"]).code(0);
    assert!(db.run(&["migrate"]).code(0).json()["additions"].as_array().unwrap().is_empty());

    let player = Player { last_interaction: at(-90 * 3600), ..Player::default() }.insert(db);
    conversation(db, player, -7200, &transcript(&["I work as a nurse in Lisbon."]));
    for (job, field, count) in [
        ("decay", "decayed", 1),
        ("process-conversations", "processed", 1),
        ("recover", "recovered", 0),
        ("scan-stuck", "recoveries_count", 0),
    ] {
        let result = db.run(&[job, "--force", "--now", NOW]).code(0).json();
        assert_eq!(result[field], count, "{result}");
    }
    db.run(&["health", "--now", NOW]).code(0);
}

#[test]
fn tables_with_their_keys_alone_are_completed_postgres() {
    is_completed(&Db::postgres_empty());
}

#[test]
fn tables_with_their_keys_alone_are_completed_pgvector() {
    is_completed(&Db::pgvector_empty());
}

#[test]
fn tables_with_their_keys_alone_are_completed_sqlite() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("keys.sqlite");
    std::fs::write(&file, "").unwrap();
    is_completed(&Db::at(&file));
}
