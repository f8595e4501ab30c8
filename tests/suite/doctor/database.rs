//! PostgreSQL: no answer, wrong password, poolers, pgvector, clocks.

use std::net::TcpListener;

use super::{Host, look, named, of, says};
use crate::support::db::Db;

const HIDDEN: &str = "hunter2";

#[test]
fn a_server_that_does_not_answer_is_no_wrong_configuration() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://u:{HIDDEN}@{address}/d");
    let result = look(Host::bare().alone(&[]).env("DATABASE_URL", &url), "error", 69);
    says(
        &result,
        "database.connection",
        "problem",
        &[&format!("can't connect to {address}"), "nothing is lost meanwhile"],
    );
    assert_eq!(named(&result, "problem"), ["database.connection"]);
    let skipped = ["pooler", "transport", "proxy", "role", "clock", "access", "schema", "pgvector", "other_runner"]
        .map(|it| format!("database.{it}"));
    assert_eq!(named(&result, "skipped")[..9], skipped);
    assert!(!result.to_string().contains(HIDDEN), "{result}");
    // A wrong setting beside it is what must be mended first.
    let both = Host::bare().alone(&[]).env("DATABASE_URL", &url).env("NIKITA_LEASE", "0s");
    assert_eq!(named(&look(both, "error", 78), "problem"), ["settings.variables", "database.connection"]);
}

#[test]
fn a_wrong_password_user_or_database_is_named() {
    let db = Db::postgres_empty();
    let (credentials, place) = db.url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (user, password) = credentials.split_once(':').unwrap();
    let server = place.split_once('/').unwrap().0;
    for (url, said, remedy) in [
        (format!("postgres://{user}:{HIDDEN}@{place}"), "refuses the user or the password", "Check DATABASE_URL"),
        (format!("postgres://nobody:{HIDDEN}@{place}"), "refuses the user or the password", "Check DATABASE_URL"),
        (format!("postgres://{credentials}@{server}/no_such"), "\"no_such\" does not exist", "create it with createdb"),
        (format!("postgres://u:{HIDDEN}@h:port/d"), "DATABASE_URL can't be read: invalid port", "null"),
        (format!("mysql://u:{HIDDEN}@h/d"), "DATABASE_URL has an unknown scheme \"mysql\"", "null"),
    ] {
        let done = Host::bare().alone(&["-vv"]).env("DATABASE_URL", &url).done().code(78);
        let [[status, message, advice]] = &of(&done.json(), "database.connection")[..] else {
            panic!("{}", done.all())
        };
        assert!(status == "problem" && message.contains(said), "{message}");
        assert!(remedy == "null" || advice.contains(remedy), "{advice}");
        assert!(!done.all().contains(HIDDEN) && !done.all().contains(password), "{}", done.all());
    }
}

/// The test pooler's URL, as somebody writes it who does not know of a pooler.
fn unmarked(db: &Db) -> String {
    db.url.replace("?pgbouncer=true", "")
}

#[test]
fn a_transaction_pooler_that_the_url_does_not_name_is_found_by_what_it_does() {
    let db = Db::pooled();
    let host = Host::with_timers();
    super::run_all(&db);
    says(
        &look(host.doctor(&db, &[]), "ok", 0),
        "database.pooler",
        "ok",
        &["in transaction mode, as DATABASE_URL says"],
    );
    for url in [unmarked(&db), format!("{}?pgbouncer=false", unmarked(&db))] {
        let result = look(host.doctor(&db, &[]).env("DATABASE_URL", url), "error", 78);
        says(
            &result,
            "database.pooler",
            "problem",
            &["a pooler in transaction mode", "Add ?pgbouncer=true to DATABASE_URL"],
        );
        // Everything else can be looked at all the same.
        assert_eq!(
            (named(&result, "problem"), named(&result, "skipped")),
            (vec!["database.pooler".to_owned()], vec![])
        );
    }
    // The jobs say it too.
    let done = db.command(&["decay"]).env("DATABASE_URL", unmarked(&db)).done().code(78);
    assert!(done.error().contains("Add ?pgbouncer=true to DATABASE_URL"), "{}", done.error());
}

#[test]
fn a_direct_connection_is_no_pooler() {
    let db = Db::postgres();
    let result = look(Host::bare().doctor(&db, &[]), "warning", 0);
    says(&result, "database.pooler", "ok", &["none in transaction mode"]);
    let marked = Host::bare().doctor(&db, &[]).env("DATABASE_URL", format!("{}?pgbouncer=true", db.url));
    says(&look(marked, "warning", 0), "database.pooler", "ok", &["none was seen", "remove pgbouncer=true"]);
}

#[test]
fn missing_pgvector_is_a_remark() {
    let (plain, with) = (Db::postgres(), Db::pgvector());
    let result = look(Host::bare().doctor(&plain, &[]), "warning", 0);
    says(&result, "database.pgvector", "ok", &["pgvector is missing", "install pgvector"]);
    let result = look(Host::bare().doctor(&with, &[]), "warning", 0);
    says(&result, "database.pgvector", "ok", &["memory is stored in pgvector's type"]);
    with.execute("drop index if exists memory_facts_embedding; alter table memory_facts alter column embedding type real[] using null");
    let result = look(Host::bare().doctor(&with, &[]), "warning", 0);
    says(&result, "database.pgvector", "ok", &["pgvector is available, but memory_facts.embedding is a plain real[]"]);
    with.execute("alter table memory_facts alter column embedding type vector(768) using null");
    let result = look(Host::bare().doctor(&with, &[]), "warning", 0);
    says(&result, "database.pgvector", "warning", &["vector(768)", "vector(1536)"]);
}

#[test]
fn a_clock_that_is_off_is_told_and_stops_nothing() {
    let db = Db::postgres();
    super::run_all(&db);
    let result = look(Host::with_timers().doctor(&db, &["--now", "2001-01-01T00:00:00Z"]), "warning", 0);
    says(&result, "database.clock", "warning", &["the host's clock is ", " d ", "ahead of the database's", "NTP"]);
    // No clock can have shown those completions: they are not believed.
    let jobs = ["jobs.decay", "jobs.process_conversations", "jobs.recover", "jobs.scan_stuck"];
    assert_eq!(named(&result, "warning"), [&["database.clock"][..], &jobs, &["data.times"]].concat());
}
