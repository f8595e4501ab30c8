//! More than one database machine (spec 06): a real streaming standby, its promotion in mid-run, a frozen server, a standby that is awaited
//! for ever. Each test has a cluster of its own.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::bin::{Bin, Done, command, eventually};
use crate::support::cluster::Cluster;

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "how long the binary makes a person wait")]
    Instant::now()
}

fn on(url: &str, args: &[&str]) -> Bin {
    command(args).env("DATABASE_URL", url)
}

/// Players with a conversation each that is due.
fn fill(cluster: &Cluster, many: usize) {
    on(&cluster.url(), &["migrate"]).done().code(0);
    cluster.ask(&format!(
        "insert into users (relationship_score, chapter, game_status, onboarding_status, last_interaction_at) \
             select 60, 1, 'active', 'completed', now() - interval '10 hours' from generate_series(1, {many}); \
         insert into conversations (user_id, messages, started_at, last_message_at, score_delta) \
             select id, '[{{\"role\": \"user\", \"content\": \"I love climbing.\"}}]', now() - interval '2 hours', \
                 now() - interval '2 hours', 1 from users"
    ));
}

fn names_the_standby(done: Done, standby: &Cluster) {
    let said = done.code(69).error();
    assert_eq!(said, format!("database unavailable: {} is a read-only standby; name the primary", standby.place()));
}

#[test]
fn jobs_refuse_a_standby_and_looks_say_that_it_is_one() {
    let primary = Cluster::start("");
    fill(&primary, 2);
    on(&primary.url(), &["decay"]).done().code(0);
    let standby = primary.standby();
    primary.wait_for(&standby);
    // Inside and outside the window, in bulk and by hand.
    for args in [
        &["decay"][..],
        &["decay", "--force"],
        &["process-conversations"],
        &["process-conversations", "--id", "01890000-0000-7000-8000-000000000001"],
        &["recover", "--requeue"],
        &["recover", "conversation", "01890000-0000-7000-8000-000000000001"],
        &["scan-stuck"],
        &["migrate"],
    ] {
        names_the_standby(on(&standby.url(), args).done(), &standby);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.html");
    let report = report.to_str().expect("UTF-8");
    for args in [
        &["health"][..],
        &["status"],
        &["stats"],
        &["check"],
        &["decay", "--dry-run"],
        &["process-conversations", "--dry-run"],
        &["recover", "--dry-run"],
        &["scan-stuck", "--dry-run"],
        &["migrate", "--plan"],
        &["failures"],
        &["retry", "--failed", "--dry-run"],
        &["report", "-o", report],
    ] {
        let done = on(&standby.url(), args).done();
        assert!(matches!(done.exit(), Some(0 | 1 | 3)), "{args:?}: {}", done.all());
        assert!(
            done.stderr().contains("read-only standby") && done.stderr().contains(&standby.place()),
            "{}",
            done.all()
        );
        let database = &done.json()["looked_at"];
        assert_eq!((&database["role"], &database["server"]), (&json!("standby"), &json!(standby.place())), "{args:?}");
        assert!(database["replay_lag_seconds"].as_f64().is_some_and(|lag| lag >= 0.0), "{args:?} {database}");
        let elsewhere = on(&primary.url(), args).done();
        assert!(elsewhere.json().get("looked_at").is_none(), "{args:?}: {}", elsewhere.all());
    }
    // Among several, jobs find the primary, and looks may prefer the standby.
    let both = |first: &Cluster, second: &Cluster, more: &str| {
        format!("postgres://nikita@{},{}/postgres{more}", first.place(), second.place())
    };
    on(&both(&standby, &primary, ""), &["decay", "--force"]).done().code(0);
    on(&both(&standby, &primary, "?target_session_attrs=read-write"), &["decay", "--force"]).done().code(0);
    let looked = on(&both(&primary, &standby, "?target_session_attrs=prefer-standby"), &["status"]).done().code(0);
    assert!(looked.stderr().contains("read-only standby"), "{}", looked.all());
    // None but the standby.
    primary.control(&["-m", "immediate", "-w", "stop"]);
    let done = on(&both(&primary, &standby, "?connect_timeout=3"), &["decay", "--force"]).done().code(69);
    assert!(done.error().contains(&primary.place()) && done.error().contains("read-only standby"), "{}", done.error());
}

#[test]
fn a_promotion_in_mid_run_loses_nothing() {
    let primary = Cluster::start("synchronous_commit = remote_apply");
    fill(&primary, 12);
    let standby = primary.standby();
    primary.ask("alter system set synchronous_standby_names = '*'; ");
    primary.ask("select pg_reload_conf()");
    primary.wait_for(&standby);
    let url = format!("postgres://nikita@{},{}/postgres", primary.place(), standby.place());
    let run = on(&url, &["process-conversations", "--batch", "12", "--concurrency", "2", "--lease", "12s"])
        .env("NIKITA_REHEARSE", "latency=400ms")
        .start();
    eventually("some are processed", || {
        primary.ask("select count(*) >= 2 from conversations where status = 'processed'") == "t"
    });
    primary.control(&["-m", "immediate", "-w", "stop"]);
    standby.control(&["-w", "promote"]);
    let done = run.done();
    assert!(matches!(done.exit(), Some(0 | 69)), "{}", done.all());
    let processed = standby.ask("select count(*) from conversations where status = 'processed'");
    assert!(
        processed.parse::<u64>().unwrap() >= done.json()["processed"].as_u64().unwrap_or_default(),
        "{}",
        done.all()
    );
    // The same URL finds the new primary.
    eventually("the rest is processed", || {
        on(&url, &["recover", "--requeue", "--force", "--idle", "1s"]).done();
        standby.ask("update conversations set next_attempt_at = null where status = 'active'");
        on(&url, &["process-conversations", "--force", "--batch", "20"]).done();
        standby.ask("select count(*) from conversations where status = 'processed'") == "12"
    });
    assert_eq!(
        standby.ask("select count(*) from conversations where processing_attempts > 1 or claim_token is not null"),
        "0"
    );
    on(&url, &["check"]).done().code(0);
}

#[test]
fn a_frozen_server_ends_in_69_and_hears_signals() {
    let server = Cluster::start("");
    fill(&server, 1);
    server.signal("STOP");
    let began = now();
    let jobs: Vec<_> = [
        &["decay", "--lease", "3s"][..],
        &["health", "--db-timeout", "1s"],
        &["decay", "--dry-run", "--db-timeout", "1s"],
    ]
    .into_iter()
    .map(|args| on(&format!("{}?connect_timeout=2", server.url()), args).start())
    .collect();
    let heard = on(&server.url(), &["decay"]).start();
    for job in jobs {
        let done = job.done().code(69);
        assert!(done.error().contains(&server.place()), "{}", done.error());
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    heard.signal("TERM");
    assert_eq!(heard.done().code(143).json()["status"], json!("interrupted"));
    server.signal("CONT");
    eventually("it is back", || on(&server.url(), &["decay", "--force"]).done().exit() == Some(0));
}

#[test]
fn a_synchronous_standby_that_is_gone_ends_in_69() {
    let server = Cluster::start("");
    fill(&server, 1);
    server.ask("alter system set synchronous_standby_names = 'nobody'");
    server.ask("select pg_reload_conf()");
    let began = now();
    let done = on(&server.url(), &["decay", "--lease", "12s"]).done().code(69);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert!(done.error().contains("synchronous standby") && done.error().contains("COMMIT"), "{}", done.error());
    // The server's process waits on, and holds the lease's row: nobody piles up behind it.
    on(&server.url(), &["decay", "--lease", "6s"]).done().code(69);
    assert_eq!(server.ask("select count(*) from pg_stat_activity where wait_event = 'SyncRep'"), "1");
}

#[test]
fn a_server_that_starts_up_is_waited_for() {
    let server = Cluster::start("");
    fill(&server, 1);
    server.control(&["-m", "fast", "-w", "stop"]);
    let job = on(&server.url(), &["decay"]).start();
    let socket = format!("postgres://nikita@/postgres?host={}&port={}", server.socket().display(), server.port);
    let through_socket = on(&socket, &["scan-stuck"]).start();
    server.control(&["-w", "-t", "60", "start"]);
    job.done().code(0);
    through_socket.done().code(0);
}
