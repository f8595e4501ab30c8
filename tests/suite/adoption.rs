//! Adoption (spec 03): `migrate` on a database that another application has made, as that application's own roles, and the jobs
//! on it. `adoption/app.sql` is that application; `adoption/rows.sql` are its rows.

use serde_json::{Value, json};

use crate::support::application::{App, Place, Schema};
use crate::support::bin::command;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::NOW;

/// SQL without its comments, in one spacing.
fn plain(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The statements of a migration; a `do` block is one.
fn statements(sql: &str) -> Vec<String> {
    let (mut all, mut one, mut quoted, mut block) = (Vec::new(), String::new(), false, false);
    for letter in plain(sql).chars() {
        one.push(letter);
        quoted ^= letter == '\'';
        block ^= one.ends_with("$$");
        if letter == ';' && !quoted && !block {
            all.push(std::mem::take(&mut one).trim().to_owned());
        }
    }
    assert!(one.trim().is_empty(), "ends within a statement: {one}");
    all
}

/// Of our own columns and indexes only: what fills a new one from another, and what makes way for a better one.
const OURS: [&str; 4] = [
    "do $$ begin if current_setting('server_version_num')::integer >= 150000 then alter view nikita_jobs_",
    "update memory_facts set is_active = false, metadata = coalesce(metadata::jsonb, '{}') || '{\"awaiting_vector\": true}'",
    "update conversations set claimed_at = processing_started_at where claim_token is not null",
    "drop index if exists conversations_one_claim_per_user;",
];

/// The one relaxation: a fact may be without a vector.
const RELAXED: &str = "alter table memory_facts alter column embedding drop not null;";

fn is_additive(statement: &str) -> bool {
    let begins = [
        "create table if not exists ",
        "create index if not exists ",
        "create unique index if not exists ",
        "comment on column ",
        "create or replace view nikita_jobs_",
        "create view if not exists nikita_jobs_",
        "do ",
    ];
    let adds = statement.starts_with("alter table ") && statement.contains(" add column if not exists ");
    // What an error only advises stands between backquotes.
    let told: String = statement.split('`').step_by(2).collect();
    let told = told.replace("on delete cascade", "");
    let takes =
        ["drop ", "delete ", "update ", "truncate ", "rename ", "alter column", " type ", "revoke ", "disable "];
    statement == RELAXED
        || OURS.iter().any(|ours| statement.starts_with(ours))
        || (adds || begins.iter().any(|it| statement.starts_with(it))) && !takes.iter().any(|it| told.contains(it))
}

fn adopts(place: Place) {
    let app = App::new(Schema::Odd, place);
    let columns = app.columns();
    let before = app.values(&columns);

    // The plan shows every step, each of them additive, and changes nothing.
    let plan = app.migrate(&["--plan"]).code(0).json();
    let planned: Vec<_> =
        plan["migrations"].as_array().unwrap().iter().flat_map(|it| statements(it["sql"].as_str().unwrap())).collect();
    assert!(planned.len() > 50, "{planned:#?}");
    for statement in &planned {
        assert!(is_additive(statement), "not additive: {statement}");
    }
    assert_eq!(app.columns(), columns);

    // Twice is as good as once, and every value is kept.
    assert_eq!(
        app.migrate(&[]).code(0).json()["migrations"].as_array().unwrap().len(),
        plan["migrations"].as_array().unwrap().len()
    );
    let schema = || {
        app.db.rows("select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns where table_schema = 'public' order by 1, 2")
    };
    let adopted = schema();
    assert_eq!(app.migrate(&[]).code(0).json()["migrations"], json!([]));
    assert_eq!(schema(), adopted);
    assert_eq!(app.values(&columns), before);

    // A fact is kept also while no provider can embed it, whatever the application's column said.
    app.db.execute(
        "insert into memory_facts (id, user_id, graph_type, fact) values (gen_random_uuid(), '00000000-0000-4000-8000-000000000006', 'user', 'Has no vector yet')",
    );

    // The application goes on as before: its inserts know nothing of our columns.
    app.insert_rows("1111");
    decays(&app);
    processes(&app);
    judges(&app);
    looks(&app);
    // None of the application's rows breaks a promise.
    promises::kept(&app.db);
}

fn decays(app: &App) {
    let result = app.job(&["decay"]).done().code(0).json();
    let counts = ["decayed", "game_overs", "warned", "unreadable"].map(|it| result[it].as_i64().unwrap());
    // Of each player twice: the first, the seventh and the eighth are overdue; three can't be read.
    assert_eq!(counts, [6, 2, 2, 6], "{result}");
    let scores = app.db.rows("select round(relationship_score, 4), game_status, score_band from users where id::text like '%-0000-4000-%' order by id");
    assert_eq!(scores[0], ["58.5235", "active", "5"]);
    assert_eq!((&scores[6][0], scores[6][1].as_str()), (&"0.0000".to_owned(), "game_over"));
    assert_eq!(scores[1][0], "null");
    // What the application reads of ours: an outbox it can deliver from.
    assert_eq!(
        app.text("select count(*) from scheduled_events where status = 'pending' and event_type = 'decay_game_over'"),
        "2"
    );
    assert_eq!(app.text("select count(*) from scheduled_touchpoints where delivered = false and skipped = false"), "2");
}

/// They read every row there is, whatever it holds.
fn looks(app: &App) {
    let look = |args: &[&str]| command(args).env("DATABASE_URL", &app.service).done();
    assert!(look(&["health"]).json()["reasons"].is_array());
    look(&["stats", "--since", "3650d"]).code(0);
    assert!(look(&["status"]).code(0).json()["jobs"].as_array().unwrap().iter().any(|it| it["job"] == "backup"));
    look(&["status", "30000000-0000-4000-8000-000000000004"]).code(0);
    let folder = tempfile::TempDir::new().unwrap();
    look(&["report", "--since", "30d", "-o", folder.path().join("report.html").to_str().unwrap()]).code(0);
    look(&["prompt", "render", "--user", "00000000-0000-4000-8000-000000000006"]).code(0);
}

fn processes(app: &App) {
    let result = app.job(&["process-conversations", "--batch", "100"]).done().code(0).json();
    assert_eq!(
        (&result["processed"], &result["failed"], &result["retrying"]),
        (&json!(18), &json!(0), &json!(0)),
        "{result}"
    );
    let of_the_first = |table: &str| {
        app.db.number(&format!("select count(*) from {table} where user_id = '00000000-0000-4000-8000-000000000001'"))
    };
    assert!(of_the_first("memory_facts") > 3.0);
    // Of two alike in one conversation the newer stays; the application's foreign key wants it to be there first.
    assert!(app.db.number("select count(*) from memory_facts where superseded_by is not null") >= 1.0);
    assert_eq!(
        app.text(
            "select count(*) from ready_prompts where is_current and user_id = '00000000-0000-4000-8000-000000000001'"
        ),
        "2"
    );
    assert_eq!(app.text("select count(*) from ready_prompts where prompt_text = 'Old prompt' and not is_current"), "2");
    assert_eq!(
        app.text("select count(*) from conversations where status = 'processed' and processing_attempts <> 1"),
        "0"
    );
    // Touchpoints that the application's delivery finds.
    assert_eq!(app.text("select count(*) from scheduled_touchpoints where trigger_context is not null and (delivered is null or skipped is null)"), "0");
}

/// What other programs have under way is judged by its age and activity alone.
fn judges(app: &App) {
    let result = app.job(&["scan-stuck"]).done().code(0).json();
    let failed = |table: &str, id: &str| {
        app.db.rows(&format!(
            "select {id} from {table} where status = 'failed' and {id}::text like '%-0000-4000-%' order by 1"
        ))
    };
    assert_eq!(
        failed("audit_reports", "audit_id"),
        [["40000000-0000-4000-8000-000000000002"], ["40000000-0000-4000-8000-000000000003"]]
    );
    assert_eq!(failed("job_executions", "id"), [["30000000-0000-4000-8000-000000000003"]]);
    assert_eq!(result["recoveries_count"], 6, "{result}");
    // The application claims one without a token: its player's others wait, and half an hour of silence ends it.
    app.db.execute(&format!(
        "insert into users (id, game_status, onboarding_status) select ('50000000-0000-4000-8000-00000000000' || i)::uuid, 'active', 'pending' from generate_series(1, 2) i; \
         insert into conversations (id, user_id, platform, status, processing_attempts, started_at, last_message_at, updated_at) values \
         ('60000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001', 'text', 'processing', 1, now(), timestamptz '{NOW}' - interval '2 hours', timestamptz '{NOW}' - interval '29 minutes'), \
         ('60000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000002', 'text', 'processing', 1, now(), timestamptz '{NOW}' - interval '2 hours', timestamptz '{NOW}' - interval '30 minutes'), \
         ('60000000-0000-4000-8000-000000000003', '50000000-0000-4000-8000-000000000001', 'text', 'active', 0, now(), timestamptz '{NOW}' - interval '1 hour', timestamptz '{NOW}' - interval '1 hour')"
    ));
    assert_eq!(app.job(&["process-conversations"]).done().code(0).json()["processed"], 0);
    let result = app.job(&["recover", "--requeue"]).done().code(0).json();
    assert_eq!(
        (&result["recovered"], &result["recoveries"][0]["conversation_id"]),
        (&json!(1), &json!("60000000-0000-4000-8000-000000000002"))
    );
    let states =
        app.db.rows("select status, processing_attempts from conversations where id::text like '6%' order by id");
    assert_eq!(states, [["processing", "1"], ["active", "1"], ["active", "0"]]);
    // Our own tables are as hidden from a guest as the application's.
    for table in ["users", "job_leases", "stage_memos", "provider_breakers", "nikita_jobs_migrations"] {
        let hidden = app.db.rows(&format!("select relrowsecurity from pg_class where oid = to_regclass('{table}')"));
        assert_eq!(hidden, [["t"]], "{table}");
    }
}

#[test]
fn an_applications_database_is_adopted_and_all_jobs_work_on_it_plain() {
    adopts(Place::Plain);
}

#[test]
fn an_applications_database_is_adopted_and_all_jobs_work_on_it_pgvector() {
    adopts(Place::Pgvector);
}

#[test]
fn an_applications_database_is_adopted_and_all_jobs_work_on_it_pooled() {
    adopts(Place::Pooled);
}

#[test]
fn two_current_prompts_of_a_player_are_named_with_the_remedy_and_nothing_is_changed() {
    let app = App::new(Schema::Odd, Place::Plain);
    app.db.execute("insert into ready_prompts (id, user_id, platform, prompt_text, is_current) values (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'text', 'Another', true)");
    let columns = app.columns();
    let before = app.values(&columns);
    let said = app.migrate(&[]).code(78).error();
    assert!(said.contains("ready_prompts") && said.contains("00000000-0000-4000-8000-000000000001, text"), "{said}");
    assert_eq!((app.columns(), app.values(&columns)), (columns.clone(), before));
    // The remedy is a statement that can be run as it stands.
    let remedy = said.split('`').find(|it| it.starts_with("update ")).unwrap_or_else(|| panic!("no remedy in {said}"));
    app.db.execute(remedy);
    app.migrate(&[]).code(0);
    assert_eq!(app.text("select count(*) from ready_prompts where is_current and platform = 'text'"), "1");
}

/// Whoever does not own the tables can't adopt them, and is told what to do.
#[test]
fn a_role_that_does_not_own_the_tables_is_told_who_may_migrate() {
    let app = App::new(Schema::Odd, Place::Plain);
    let done = command(&["migrate"]).env("DATABASE_URL", &app.service).done().code(78);
    let said = done.error();
    assert!(said.contains("permission") && said.contains("MIGRATION_DATABASE_URL"), "{said}");
    // The owner's URL beside the service's: `migrate` takes the one, the jobs take the other.
    let with_both =
        |args: &[&str]| command(args).env("DATABASE_URL", &app.service).env("MIGRATION_DATABASE_URL", &app.owner);
    with_both(&["migrate"]).done().code(0);
    with_both(&["decay", "--dry-run"])
        .env("MIGRATION_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nowhere")
        .done()
        .code(0);
    let _: Value = with_both(&["migrate", "--plan"]).done().code(0).json();
}

/// A file that somebody has made by hand with the tables of the specification, long before.
const FILE: &str = include_str!("adoption/file.sql");

fn file() -> (tempfile::TempDir, Db) {
    let folder = tempfile::TempDir::new().unwrap();
    let db = Db::at(&folder.path().join("older.sqlite"));
    let path = folder.path().join("older.sqlite");
    std::fs::write(&path, "").unwrap();
    db.execute(FILE);
    (folder, db)
}

#[test]
fn an_older_sqlite_file_is_adopted_by_the_first_run_and_keeps_every_value() {
    let (_folder, db) = file();
    let columns = db.rows(
        "select m.name, (select group_concat('\"' || c.name || '\"', ', ') from pragma_table_xinfo(m.name) c) from sqlite_master m \
         where m.type = 'table' and m.name not like 'sqlite_%' order by m.name",
    );
    let values = || -> Vec<_> {
        columns.iter().map(|it| db.rows(&format!("select rowid, {} from {} order by rowid", it[1], it[0]))).collect()
    };
    let before = values();
    let plan = db.run(&["migrate", "--plan"]).code(0).json();
    assert!(plan["migrations"].as_array().unwrap().iter().all(|it| {
        !it["sql"]
            .as_str()
            .unwrap()
            .replace("drop index if exists conversations_one_claim_per_user", "")
            .contains("drop ")
    }));
    assert_eq!(db.value("select count(*) from sqlite_master where name = 'job_leases'"), "0");
    db.run(&["migrate"]).code(0);
    assert_eq!(db.run(&["migrate"]).code(0).json()["migrations"], json!([]));
    assert_eq!(values(), before);
    // An insert with its columns alone.
    db.execute("insert into job_executions (id, job_name, started_at, status) values ('run-7', 'backup', '2026-11-18T11:59:00.000000Z', 'running')");
    let job = |args: &[&str]| db.command(args).args(&["--force", "--now", NOW]).done().code(0).json();
    let result = job(&["decay"]);
    assert_eq!(
        (&result["decayed"], &result["warned"], &result["game_overs"]),
        (&json!(3), &json!(1), &json!(1)),
        "{result}"
    );
    assert_eq!(db.value("select count(*) from score_history where id is null"), "0");
    assert_eq!(db.value("select count(*) from scheduled_touchpoints where id is null or delivered is null"), "0");
    let result = job(&["process-conversations"]);
    assert_eq!((&result["processed"], &result["failed"]), (&json!(3), &json!(0)), "{result}");
    assert_eq!(db.value("select count(*) from memory_facts where fact = 'Likes climbing' and created_at = '1970-01-01T00:00:00.000000Z'"), "1");
    job(&["recover"]);
    let done = db.command(&["scan-stuck", "-v", "--force", "--now", NOW]).done().code(0);
    // Ids that are no UUIDs are passed over and told of; what is beside them is judged.
    assert!(done.stderr().contains("run-7") && done.stderr().contains("night-1"), "{}", done.stderr());
    assert_eq!(done.json()["recoveries_count"], 2, "{}", done.stdout());
    assert_eq!(
        db.rows("select id, status from job_executions where job_name = 'backup' order by id"),
        [["30000000-0000-4000-8000-000000000003", "failed"], ["run-7", "running"]]
    );
    // A window stands on such a row as well.
    db.execute("insert into job_executions (id, job_name, started_at, completed_at, status) values ('run-8', 'decay', '2026-11-18T12:00:00.000000Z', '2026-11-18T12:00:01.000000Z', 'completed')");
    let skipped = db.command(&["decay", "--now", "2026-11-18T12:10:00Z"]).done().code(75).json();
    assert_eq!((&skipped["reason"], &skipped["blocked_by"]), (&json!("recent_execution"), &json!(null)));
}

#[test]
fn two_current_prompts_in_a_file_are_told_of_and_nothing_is_changed() {
    let (_folder, db) = file();
    db.execute("insert into ready_prompts (id, user_id, platform, prompt_text, is_current) select '70000000-0000-4000-8000-00000000000' || value, '00000000-0000-4000-8000-000000000001', 'text', 'p', 1 from json_each('[1, 2]')");
    let said = db.run(&["migrate"]).code(78).error();
    assert!(said.contains("ready_prompts") && said.contains("is_current = 0"), "{said}");
    assert_eq!(db.value("select count(*) from sqlite_master where name = 'job_leases'"), "0");
    assert_eq!(db.value("select count(*) from ready_prompts where is_current"), "2");
}
