//! A pooler in transaction mode (spec 06): many processes at once through two connections, `migrate` through it and around it. The
//! store's own tests go through it one by one, as `…::pooled`.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::bin::{Bin, Done, command};
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, at, backlog};

const CONVERSATIONS: usize = 60;

fn sum(results: &[Value], field: &str) -> u64 {
    results.iter().filter_map(|it| it[field].as_u64()).sum()
}

/// Nothing is done twice and nothing is lost where twelve processes share two connections.
#[test]
fn many_processes_at_once_go_through_two_connections() {
    let db = Db::pooled();
    backlog(&db, CONVERSATIONS);
    db.execute(&format!("update users set last_interaction_at = {}", at(-10 * 3600)));
    let old = at(-3 * 3600);
    db.execute(&format!("insert into audit_reports (audit_type, status, audit_date) select 'nightly', 'in_progress', {old} from generate_series(1, 20)"));
    let start = |args: &[&str]| db.command(args).args(&["--now", NOW]).start();
    let processing = ["process-conversations", "--allow-overlap", "--force", "--batch", "25", "--concurrency", "5"];
    let workers: Vec<_> = (0..4).map(|_| start(&processing)).collect();
    let others: Vec<_> = [
        &["decay", "--chunk", "7"][..],
        &["decay", "--chunk", "7"],
        &["recover", "--requeue"],
        &["recover", "--requeue"],
        &["scan-stuck"],
        &["scan-stuck"],
    ]
    .into_iter()
    .map(start)
    .collect();
    let looks: Vec<_> = [&["health"][..], &["status"]].into_iter().map(|args| db.command(args).start()).collect();
    let mut worked: Vec<Value> = workers.into_iter().map(|it| it.done().code(0).json()).collect();
    // A run that met another one of its job has skipped, for the lock or for the window.
    let is_well = |done: &Done| matches!(done.json()["exit_code"].as_i64(), Some(0 | 75));
    let others: Vec<Value> = others
        .into_iter()
        .map(|it| {
            let done = it.done();
            assert!(is_well(&done), "{}", done.all());
            done.json()
        })
        .collect();
    for look in looks {
        let done = look.done();
        assert!(matches!(done.json()["exit_code"].as_i64(), Some(0 | 1 | 3)), "{}", done.all());
    }
    // What a claim of one run kept another from: one more run has all that is left.
    worked
        .push(db.command(&["process-conversations", "--force", "--batch", "100", "--now", NOW]).done().code(0).json());
    assert_eq!(sum(&worked, "processed"), CONVERSATIONS as u64);
    assert_eq!(
        db.value("select count(*) from conversations where status <> 'processed' or processing_attempts <> 1"),
        "0"
    );
    assert_eq!(sum(&others, "decayed"), CONVERSATIONS as u64);
    assert_eq!(db.value("select count(*) from score_history where event_type = 'decay'"), CONVERSATIONS.to_string());
    assert_eq!(sum(&others, "recoveries_count"), 20);
    assert_eq!(sum(&others, "recovered"), 0);
    assert_eq!(db.value("select count(*) from job_leases"), "0");
    promises::kept(&db);
}

#[test]
fn migrate_goes_through_it_also_from_several_hosts_at_once() {
    let mut db = Db::postgres_empty();
    db.through_pooler();
    let planned = db.run(&["migrate", "--plan"]).code(0).json()["migrations"].as_array().unwrap().len();
    assert_eq!(db.value("select count(*) from pg_class where relname = 'nikita_jobs_migrations'"), "0");
    let running: Vec<_> = (0..4).map(|_| db.command(&["migrate"]).start()).collect();
    let applied: usize =
        running.into_iter().map(|it| it.done().code(0).json()["migrations"].as_array().unwrap().len()).sum();
    assert_eq!(applied, planned);
    assert_eq!(db.run(&["migrate"]).code(0).json()["migrations"], json!([]));
}

/// `migrate` has a way of its own to the database, from wherever a secret may come, and nobody else takes it.
#[test]
fn migration_database_url_is_for_migrate_alone() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let url = |name: &str| format!("sqlite:{}", path(name).display());
    let jobs = |args: &[&str]| command(args).env("DATABASE_URL", url("jobs.sqlite")).dir(folder.path());
    let migrates = |bin: Bin, file: &str| {
        let applied = bin.done().code(0).json()["migrations"].as_array().unwrap().len();
        assert!(applied > 0 && path(file).exists(), "{file}");
    };
    migrates(jobs(&["migrate"]).env("MIGRATION_DATABASE_URL", url("variable.sqlite")), "variable.sqlite");
    fs::write(path("url"), url("file.sqlite") + "\n").unwrap();
    migrates(jobs(&["migrate"]).env("MIGRATION_DATABASE_URL_FILE", path("url")), "file.sqlite");
    fs::create_dir(path("credentials")).unwrap();
    fs::write(path("credentials/MIGRATION_DATABASE_URL"), url("credential.sqlite")).unwrap();
    migrates(jobs(&["migrate"]).env("CREDENTIALS_DIRECTORY", path("credentials")), "credential.sqlite");
    let both = |args: &[&str]| jobs(args).env("MIGRATION_DATABASE_URL", url("other.sqlite"));
    migrates(both(&["migrate", "--database-url", &url("flag.sqlite")]), "flag.sqlite");
    assert!(both(&["migrate", "--plan"]).done().code(0).json()["dry_run"] == true);
    assert!(!path("other.sqlite").exists() && !path("jobs.sqlite").exists());
    both(&["decay"]).done().code(0);
    fs::write(path("url"), url("jobs.sqlite")).unwrap();
    both(&["decay", "--force"]).env_remove("DATABASE_URL").env("DATABASE_URL_FILE", path("url")).done().code(0);
    assert!(!path("other.sqlite").exists() && path("jobs.sqlite").exists());
    let said = jobs(&["migrate"]).env("MIGRATION_DATABASE_URL", "mysql://root:hunter2@db/x").done().code(78);
    assert!(said.error().starts_with("MIGRATION_DATABASE_URL has an unknown scheme"), "{}", said.error());
    assert!(!said.all().contains("hunter2"));
}
