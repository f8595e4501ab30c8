//! `migrate` beside an application: one at a time, ended by a signal, and no index taken from whoever builds it (spec 02, "Every wait
//! ends"; spec 09, "Adoption").

use serde_json::json;

use crate::support::application::{App, Place, Schema};
use crate::support::bin::{Bin, command, eventually};

/// Keeps a transaction's view of the rows, which the last step of every concurrent build waits for; it holds no table.
const VIEW: &str = "declare view_of_old cursor for select 1 from pg_class";

fn migrate(app: &App, args: &[&str]) -> Bin {
    command(&["migrate", "-v"]).args(args).env("DATABASE_URL", &app.owner)
}

/// How many indexes are being built while their tables stay in use.
fn builds(app: &App) -> String {
    app.text("select count(*) from pg_stat_progress_create_index where datname = current_database() and command = 'CREATE INDEX CONCURRENTLY'")
}

fn leases(app: &App) -> String {
    app.text("select count(*) from job_leases where lease_key = 'job:migrate'")
}

/// As if the first migration had been broken off before this index.
fn without(app: &App, index: &str, version: u32) {
    app.db.execute(&format!("drop index {index}; delete from nikita_jobs_migrations where version = {version}"));
}

/// The second waits for the first and finds nothing to do; with a limit to its patience it says who is at work.
#[test]
fn of_two_migrates_one_is_at_work() {
    let app = App::new(Schema::Current, Place::Plain);
    let held = app.db.hold(VIEW);
    let first = migrate(&app, &[]).start();
    eventually("the first builds an index", || builds(&app) == "1");
    assert_eq!(app.text("select pid from job_leases where lease_key = 'job:migrate'"), first.pid().to_string());

    let said = migrate(&app, &["--db-timeout", "1s"]).done().code(69).error();
    assert!(said.contains("another `nikita-jobs migrate`") && said.contains(&first.pid().to_string()), "{said}");
    let second = migrate(&app, &[]).start();
    let asks =
        "select count(*) from pg_stat_activity where datname = current_database() and usename = 'nikita_app_owner'";
    eventually("the second asks", || app.text(asks).parse::<u32>().unwrap() > 2);
    held.commit();
    assert!(!first.done().code(0).json()["migrations"].as_array().unwrap().is_empty());
    let second = second.done().code(0);
    assert_eq!(second.json()["migrations"], json!([]));
    assert!(second.stderr().contains("another migrate is running"), "{}", second.stderr());
    assert_eq!(leases(&app), "0");
}

/// Its statement ends on the server, too; the next goes on where it was.
#[test]
fn a_signal_ends_the_building_of_an_index() {
    let app = App::new(Schema::Current, Place::Plain);
    let held = app.db.hold(VIEW);
    let running = migrate(&app, &[]).start();
    eventually("it builds an index", || builds(&app) == "1");
    running.signal("TERM");
    let result = running.done().code(143).json();
    assert_eq!(result["error"]["kind"], "interrupted");
    assert_eq!((builds(&app).as_str(), leases(&app).as_str()), ("0", "0"));
    assert_eq!(
        app.text("select count(*) from pg_index where not indisvalid"),
        "1",
        "what was begun is left to the next"
    );
    held.commit();
    migrate(&app, &[]).done().code(0);
    assert_eq!(app.text("select count(*) from pg_index where not indisvalid"), "0");
}

/// While somebody else builds it, an invalid index is theirs: even one whose name their role keeps from us.
#[test]
fn an_index_that_another_builds_is_left_to_them() {
    let app = App::new(Schema::Current, Place::Plain);
    migrate(&app, &[]).done().code(0);
    without(&app, "conversation_threads_open", 1);
    let held = app.db.hold(VIEW);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            app.db.execute_elsewhere(
                "create index concurrently conversation_threads_open on conversation_threads (user_id, created_at) where status = 'open'",
            );
        });
        eventually("another builds it", || builds(&app) == "1");
        let said = migrate(&app, &[]).done().code(69).error();
        assert!(said.contains("another session is building the index conversation_threads_open"), "{said}");
        held.commit();
        other.join().unwrap();
    });
    app.db.execute("alter index conversation_threads_open owner to nikita_app_owner");
    migrate(&app, &[]).done().code(0);
}

/// The one in a block of its own, too, and again where it was left unfinished.
#[test]
fn the_index_on_vectors_is_built_while_the_table_stays_in_use() {
    let app = App::new(Schema::Current, Place::Pgvector);
    let built = |said: &str| {
        said.lines().any(|it| {
            it.contains("building an index while the table stays in use") && it.contains("memory_facts_embedding")
        })
    };
    let valid = "select count(*) from pg_index where indexrelid = 'memory_facts_embedding'::regclass and indisvalid";
    let said = migrate(&app, &[]).done().code(0).stderr();
    assert!(built(&said) && app.text(valid) == "1", "{said}");

    app.db.execute(
        "update pg_index set indisvalid = false where indexrelid = 'memory_facts_embedding'::regclass; \
         delete from nikita_jobs_migrations where version = 4",
    );
    let said = migrate(&app, &[]).done().code(0).stderr();
    assert!(built(&said) && app.text(valid) == "1", "{said}");
}

/// What adoption adds is on no table twice, whatever the application calls its own.
#[test]
fn no_index_is_there_twice() {
    for schema in [Schema::Baseline, Schema::Current] {
        let app = App::new(schema, Place::Plain);
        // Its own, with our definitions: on a table with rows, and on one without.
        app.db.execute(
            "delete from psyche_states; delete from engagement_state; delete from nikita_thoughts; \
             create index of_theirs_1 on nikita_thoughts (user_id, created_at) where used_at is null; \
             create index of_theirs_2 on conversation_threads (user_id, created_at) where status = 'open'",
        );
        let twice = || {
            app.db.rows(
                "select d.of, d.definition from (select i.indrelid::regclass::text as of, i.indisunique, \
                     replace(split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2), '(is_current = true)', 'is_current') as definition \
                   from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace) d \
                 group by d.of, d.indisunique, d.definition having count(*) > 1 order by 1, 2",
            )
        };
        let before = twice();
        migrate(&app, &[]).done().code(0);
        assert_eq!(twice(), before);
    }
}
