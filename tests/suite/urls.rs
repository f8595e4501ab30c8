//! Database URLs as users of libpq and of ORMs write them (spec 06), and what becomes of one that can't be honoured.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::bin::Bin;
use crate::support::db::Db;

fn on(db: &Db, url: &str, args: &[&str]) -> Bin {
    db.command(args).env("DATABASE_URL", url)
}

/// Login, host with port, and the name of the database.
fn parts(db: &Db) -> (String, String, String) {
    let url = db.direct_url();
    let (login, rest) = url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (place, name) = rest.split_once('/').unwrap();
    (login.to_owned(), place.to_owned(), name.to_owned())
}

/// A port that nobody listens on.
fn dead() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn every_spelling_works() {
    let db = Db::postgres();
    let (login, place, name) = parts(&db);
    let (host, port) = place.split_once(':').unwrap();
    let dead = dead();
    let dead_port = dead.split_once(':').unwrap().1;
    for url in [
        format!("postgresql+asyncpg://{login}@{place}/{name}"),
        format!("postgres://{login}@{dead},{place}/{name}"),
        format!("postgres://{login}@/{name}?host={host},{host}&port={dead_port},{port}"),
        format!("postgres://{login}@{host}:{port}/{name}?target_session_attrs=primary"),
        format!("postgres://{login}@{place}/{name}?target_session_attrs=any&connect_timeout=3"),
        format!("postgres://{login}@{place}/{name}?options=-c%20search_path%3Dpublic&sslmode=prefer"),
    ] {
        on(&db, &url, &["decay", "--force"]).done().code(0);
        on(&db, &url, &["status"]).done().code(0);
    }
}

#[test]
fn the_urls_own_name_is_kept_and_what_is_not_honoured_is_named() {
    let db = Db::postgres();
    db.execute(
        "create table seen (name text); \
         create function note() returns trigger language plpgsql as \
             $$begin insert into seen values (current_setting('application_name')); return new; end$$; \
         create trigger note after insert on job_executions for each row execute function note()",
    );
    let url = |more: &str| format!("{}?{more}", db.direct_url());
    on(&db, &url("application_name=mine&keepalives_idle=5&schema=public"), &["decay", "--force"]).done().code(0);
    let said = on(&db, &url("keepalives_idle=5"), &["decay", "--force"]).done().code(0);
    assert!(said.stderr().contains("keepalives_idle") && said.stderr().contains("not honoured"), "{}", said.all());
    assert_eq!(db.rows("select name from seen"), [["mine"], ["nikita-jobs"]]);
    for (more, why) in [
        ("service=prod", "the parameter service"),
        ("sslcrl=/x", "the parameter sslcrl"),
        ("target_session_attrs=standby", "target_session_attrs is not one of"),
        ("sslrootcert=/no/such/file", "/no/such/file"),
    ] {
        let done = on(&db, &url(more), &["decay", "--force"]).done().code(78);
        assert!(done.error().contains(why), "{}", done.error());
    }
}

/// As `HAProxy` does without a back end.
#[test]
fn a_proxy_that_closes_the_connection_is_asked_until_the_time_is_over_and_named() {
    let db = Db::postgres();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = proxy.local_addr().unwrap().to_string();
    std::thread::spawn(move || proxy.incoming().for_each(drop));
    let (login, _, name) = parts(&db);
    #[expect(clippy::disallowed_methods, reason = "how long the binary makes a person wait")]
    let began = Instant::now();
    let done = on(&db, &format!("postgres://{login}@{place}/{name}?connect_timeout=2"), &["decay"]).done().code(69);
    assert!(done.error().contains(&format!("can't connect to {place}")), "{}", done.error());
    assert!((Duration::from_secs(1)..Duration::from_secs(8)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn an_ipv6_literal_is_an_address() {
    // A machine without IPv6 has nothing to listen on; the address is named as it was written all the same.
    let place =
        TcpListener::bind("[::1]:0").map_or_else(|_| "[::1]:9".to_owned(), |it| it.local_addr().unwrap().to_string());
    let db = Db::sqlite();
    let done = on(&db, &format!("postgres://u:p@{place}/d?connect_timeout=1"), &["decay"]).done().code(69);
    assert!(done.error().contains(&format!("can't connect to {place}: ")), "{}", done.error());
}

#[test]
fn an_sqlite_file_is_opened_as_its_url_says() {
    let db = Db::sqlite();
    let url = |mode: &str| format!("{}?mode={mode}", db.url);
    on(&db, &url("rw"), &["decay", "--force"]).done().code(0);
    on(&db, &url("rwc"), &["decay", "--force"]).done().code(0);
    on(&db, &url("ro"), &["status"]).done().code(0);
    on(&db, &url("ro"), &["decay", "--force"]).done().code(78);
    on(&db, &format!("{}.not?mode=rw", db.url), &["decay"]).done().code(78);
    assert!(!db.file().with_extension("sqlite.not").exists());
    on(&db, &format!("{}?cache=shared", db.url), &["decay"]).done().code(78);
}
