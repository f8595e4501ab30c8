//! Adopting a database while its application is at work (spec 09, "Adoption" and "Moving over").

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::application::{App, Place, SERVICE, Schema};
use crate::support::bin::{command, eventually};
use crate::support::db::Db;
use crate::support::seed::NOW;

fn indexes(app: &App, table: &str) -> Vec<String> {
    let rows = app.db.rows(&format!(
        "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = '{table}'::regclass and i.indisvalid"
    ));
    rows.into_iter().map(|it| it[0].clone()).collect()
}

/// A writer of the application holds a row, then updates rows all the time: migrate comes through, and nobody waits long behind it.
#[test]
fn migrate_comes_through_beside_writers() {
    let app = App::new(Schema::Current, Place::Plain);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut longest = std::time::Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let began = std::time::Instant::now();
                app.db.execute_elsewhere("update conversations set updated_at = now()");
                longest = longest.max(began.elapsed());
            }
            longest
        });
        app.migrate(&[]).code(0);
        stop.store(true, Ordering::Relaxed);
        // Half a second for a lock, and what a loaded machine takes on top of it.
        let longest = writer.join().unwrap();
        assert!(longest < std::time::Duration::from_secs(10), "{longest:?}");
    });
    assert!(indexes(&app, "conversations").contains(&"conversations_one_claim_per_player".to_owned()));
}

/// A transaction that holds the table for a while: migrate asks again.
#[test]
fn a_lock_that_is_not_to_be_had_is_asked_for_again() {
    let app = App::new(Schema::Baseline, Place::Plain);
    let held = app.db.hold("lock table job_executions in access share mode");
    let migrate = command(&["migrate", "-v"]).env("DATABASE_URL", &app.owner).start();
    eventually("it has been refused and asks again", || {
        app.db.value(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%job_executions%'",
        ) == "1"
    });
    held.commit();
    migrate.done().code(0);
    app.job(&["decay"]).done().code(0);
}

/// One that is never given up: migrate says which table, and goes on later where it was.
#[test]
fn a_lock_that_is_never_given_up_is_named() {
    let app = App::new(Schema::Baseline, Place::Plain);
    let held = app.db.hold("lock table job_executions in access share mode");
    let done = command(&["migrate", "-v"]).env("DATABASE_URL", &app.owner).done().code(69);
    assert!(done.error().contains("job_executions is busy") && done.error().contains("20 times"), "{}", done.error());
    assert_eq!(done.stderr().matches("a table is busy, trying again").count(), 19, "{}", done.stderr());
    held.commit();
    app.migrate(&[]).code(0);
    app.job(&["decay"]).done().code(0);
}

/// Broken off in the middle, it goes on; an unfinished index is dropped and built again; one that says the same is not built twice.
#[test]
fn indexes_are_resumed_and_not_built_twice() {
    let app = App::new(Schema::Current, Place::Plain);
    app.db.execute("create index of_the_application on job_executions (job_name, started_at)");
    // Two rows that are alike make a unique index fail, and leave it invalid.
    app.db.execute("create table twins as select 1 as a from generate_series(1, 2)");
    let _ = app.db.try_execute("create unique index concurrently users_twins on twins (a)");
    app.migrate(&[]).code(0);
    let of_runs = indexes(&app, "job_executions");
    assert!(!of_runs.contains(&"job_executions_history".to_owned()), "the same was there already: {of_runs:?}");
    assert!(of_runs.contains(&"job_executions_completed".to_owned()), "{of_runs:?}");

    // As if it had been killed while it built one: it is invalid, and its migration is not in the ledger.
    app.db.execute(
        "update pg_index set indisvalid = false where indexrelid = 'job_executions_completed'::regclass; \
         delete from nikita_jobs_migrations where version = 1",
    );
    let plan = app.migrate(&["--plan"]).code(0).json();
    assert_eq!(plan["migrations"].as_array().unwrap().len(), 1, "{plan}");
    app.migrate(&[]).code(0);
    assert!(indexes(&app, "job_executions").contains(&"job_executions_completed".to_owned()));
    assert_eq!(app.migrate(&[]).code(0).json()["migrations"].as_array().unwrap().len(), 0);
}

fn check(app_url: &str, name: &str) -> Value {
    let doctor = command(&["doctor"]).env("DATABASE_URL", app_url).done().json();
    let checks = doctor["checks"].as_array().unwrap();
    checks.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name} in {doctor}")).clone()
}

/// What would keep the jobs from working is said before anything happens.
#[test]
fn doctor_and_migrate_say_no_first() {
    let app = App::new(Schema::Current, Place::Plain);
    assert_eq!(check(&app.service, "database.access")["status"], "ok");
    app.db.execute(
        "do $$ begin create role nikita_app_seen login password 'nikita-test-password'; \
         exception when duplicate_object or unique_violation then null; end $$; \
         grant select, insert, update on all tables in schema public to nikita_app_seen",
    );
    let seen = app.service.replacen(SERVICE, "nikita_app_seen", 1);
    let access = check(&seen, "database.access");
    assert!(access["message"].as_str().unwrap().contains("row security hides rows of"), "{access}");
    let before = app.columns();
    let said = command(&["migrate"]).env("DATABASE_URL", &seen).done().code(78).error();
    assert!(said.contains("row security hides rows of") && said.contains("users"), "{said}");
    app.db.execute(&format!("revoke update on score_history from {SERVICE}"));
    let access = check(&app.service, "database.access");
    assert!(access["message"].as_str().unwrap().contains("grants on score_history"), "{access}");
    assert_eq!(app.columns(), before, "nothing has happened");
}

/// A server whose encoding drops letters.
#[test]
fn another_encoding_is_refused() {
    let db = Db::postgres_empty();
    let name = format!("latin_{}", uuid::Uuid::new_v4().simple());
    db.execute(&format!("create database {name} encoding 'SQL_ASCII' locale 'C' template template0"));
    let (base, _) = db.url.rsplit_once('/').unwrap();
    let said = command(&["migrate"]).env("DATABASE_URL", format!("{base}/{name}")).done().code(78).error();
    assert!(said.contains("SQL_ASCII"), "{said}");
    db.execute(&format!("drop database {name} with (force)"));
}

/// Types that other deployments have: statuses as enums, times without a zone, a history in double precision.
#[test]
fn other_types_are_worked_with() {
    let app = App::new(Schema::Current, Place::Plain);
    app.db.execute(
        "create type conversation_status as enum ('active', 'processing', 'processed', 'failed'); \
         drop index if exists conversations_user_id_status_last_message_at_idx; \
         do $$ declare name text; begin for name in select indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid \
           where indrelid = 'conversations'::regclass and pg_get_indexdef(indexrelid) like '%status%' loop execute 'drop index ' || name; end loop; end $$; \
         alter table conversations alter column status drop default; \
         alter table conversations alter column status type conversation_status using status::conversation_status; \
         alter table conversations alter column status set default 'active'; \
         alter table score_history alter column score type double precision; \
         alter table users alter column last_interaction_at type timestamp using last_interaction_at at time zone 'UTC'; \
         alter table conversations alter column last_message_at type timestamp using last_message_at at time zone 'UTC'",
    );
    app.migrate(&[]).code(0);
    let decay = app.job(&["decay"]).done().code(0).json();
    assert_eq!(decay["decayed"], 6, "{decay}");
    assert_eq!(app.job(&["process-conversations"]).done().code(0).json()["processed"], 6);
    for job in ["recover", "scan-stuck"] {
        app.job(&[job]).done().code(0);
    }
    every_look_works(&app);
}

/// Whoever only looks reads such a database, too.
fn every_look_works(app: &App) {
    let folder = tempfile::TempDir::new().unwrap();
    let page = folder.path().join("report.html");
    for look in [&["stats"][..], &["status"], &["status", "--since", "30d"], &["check"], &["failures"]] {
        app.run(look).code(0);
    }
    app.run(&["report", "-o", page.to_str().unwrap()]).code(0);
    assert!(std::fs::read_to_string(page).unwrap().contains("data-job=\"process-conversations\""));
    for look in ["health", "doctor"] {
        let found = app.run(&[look]);
        assert!(found.exit() == Some(0) || found.exit() == Some(3), "{look}: {}", found.all());
    }
}

/// Scores in double precision, everywhere: what is charged and what is left are hundredths all the same.
#[test]
fn scores_in_double_precision_are_worked_with() {
    let app = App::new(Schema::Current, Place::Plain);
    app.db.execute(
        "do $$ declare it record; begin for it in select table_name, column_name from information_schema.columns \
           where table_schema = 'public' and (table_name, column_name) in (('users', 'relationship_score'), ('user_metrics', 'intimacy'), \
             ('user_metrics', 'passion'), ('user_metrics', 'trust'), ('user_metrics', 'secureness'), ('score_history', 'score'), \
             ('conversations', 'score_delta'), ('daily_summaries', 'score_start'), ('daily_summaries', 'score_end'), \
             ('daily_summaries', 'decay_applied'), ('user_vice_preferences', 'engagement_score')) loop \
           execute format('alter table %I alter column %I type double precision', it.table_name, it.column_name); end loop; end $$",
    );
    app.migrate(&[]).code(0);
    let preview = app.job(&["decay", "--dry-run"]).done().code(0).json();
    let decay = app.job(&["decay"]).done().code(0).json();
    assert_eq!((&decay["decayed"], &decay["points"]), (&serde_json::json!(6), &preview["points"]), "{decay}");
    let odd = "select count(*) from users where relationship_score::text !~ '^[0-9]+([.][0-9]{1,2})?$'";
    assert_eq!(app.text(odd), "0");
    let unbalanced = "select count(*) from score_history h where event_type = 'decay' and \
        (h.event_details ->> 'score_before')::numeric <> (h.event_details ->> 'decay_amount')::numeric + h.score::numeric";
    assert_eq!(app.text(unbalanced), "0");
    assert_eq!(app.job(&["process-conversations"]).done().code(0).json()["processed"], 6);
    app.insert_rows("1111");
    assert_eq!(app.job(&["process-conversations"]).done().code(0).json()["processed"], 6);
    for job in [&["recover"][..], &["scan-stuck"]] {
        app.job(job).done().code(0);
    }
    every_look_works(&app);
    app.run(&["prompt", "render", "--user", "00000000-0000-4000-8000-000000000001"]).code(0);
    super::accepts::every_row(&app.db);
}

/// Row security on what is added, where its neighbours have it.
#[test]
fn tables_that_are_added_hide_their_rows_like_their_neighbours() {
    let app = App::new(Schema::Current, Place::Plain);
    app.migrate(&[]).code(0);
    let open = app.db.rows(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and not relrowsecurity order by 1",
    );
    assert_eq!(open, Vec::<Vec<String>>::new());
}

/// The endpoints still run, and the database itself schedules them.
#[test]
fn doctor_finds_the_other_runner() {
    let app = App::new(Schema::Current, Place::Plain);
    app.migrate(&[]).code(0);
    assert_eq!(check(&app.service, "database.other_runner")["status"], "ok");
    app.db.execute(&format!(
        "insert into job_executions (job_name, started_at, completed_at, status) values ('decay', now() - interval '2 hours', \
             now() - interval '1 hour', 'completed'), ('deliver', now(), now(), 'completed'); \
         create schema cron; grant usage on schema cron to {SERVICE}; \
         create table cron.job (jobid bigint, schedule text, command text, active boolean); grant select on cron.job to {SERVICE}; \
         insert into cron.job values \
             (7, '0 * * * *', 'select net.http_post(''https://x/api/v1/tasks/decay'', headers => ''{{\"Authorization\": \"hunter2\"}}'')', true), \
             (8, '* * * * *', 'select net.http_post(''https://x/api/v1/tasks/deliver'')', true), \
             (9, '* * * * *', 'select net.http_post(''https://x/api/v1/tasks/process-conversations'')', true)"
    ));
    let found = check(&app.service, "database.other_runner");
    let (message, remedy) = (found["message"].as_str().unwrap(), found["remedy"].as_str().unwrap());
    assert_eq!(found["status"], "warning");
    assert!(
        message.contains("decay ran 1 times") && message.contains("cron.job 7") && message.contains("cron.job 9"),
        "{message}"
    );
    assert!(remedy.contains("cron.unschedule(7)") && remedy.contains("cron.unschedule(9)"), "{remedy}");
    assert!(!found.to_string().contains("hunter2") && !message.contains("deliver"), "{found}");
}

/// The application's own name of the share.
#[test]
fn the_share_goes_by_the_applications_name_too() {
    let db = Db::sqlite();
    let run = |percent: &str| {
        db.command(&["process-conversations", "--force", "--now", NOW])
            .env("UNIFIED_PIPELINE_ROLLOUT_PCT", percent)
            .done()
    };
    run("50").code(0);
    assert!(run("many").code(78).error().contains("UNIFIED_PIPELINE_ROLLOUT_PCT"));
}
