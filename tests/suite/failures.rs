//! What an operator sees and does about failures: `failures`, `retry`, `why`, `status --since`, and the views (spec 06).

use serde_json::Value;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player};

/// A conversation with these columns, as SQL.
fn conversation(db: &Db, player: Uuid, columns: &str, values: &str) -> Uuid {
    let id = Uuid::new_v4();
    db.execute(&format!(
        "insert into conversations (id, user_id, started_at, updated_at, {columns}) \
         values ('{id}', '{player}', '2026-11-18T09:00:00.000000Z', '2026-11-18T10:00:00.000000Z', {values})"
    ));
    id
}

fn player(db: &Db) -> Uuid {
    Player::default().insert(db)
}

const DUE: &str = "'2026-11-18T11:00:00.000000Z'";

on_every_database! {
    fn failures_are_grouped_by_error_and_retried_until_nothing_matches(db) {
        for error in ["extraction: status 401", "extraction: status 401", "summary: odd"] {
            let columns = "status, processing_attempts, last_message_at, last_error";
            conversation(db, player(db), columns, &format!("'failed', 3, {DUE}, '{error}'"));
        }
        let waits = conversation(
            db, player(db), "status, processing_attempts, next_attempt_at, last_message_at, last_error",
            &format!("'active', 1, '2026-11-18T12:01:00.000000Z', {DUE}, 'summary: odd'"),
        );
        let fresh = conversation(db, player(db), "status, last_message_at", &format!("'active', {DUE}"));
        let found = db.run(&["failures", "--now", NOW]).code(0).json();
        assert_eq!((&found["total"], &found["groups"][0]["count"]), (&4.into(), &2.into()), "{found}");
        assert_eq!(found["groups"][1]["waiting"], 1, "{found}");
        assert_eq!(db.run(&["failures", "--stage", "summary", "--now", NOW]).code(0).json()["total"], 2);
        assert_eq!(db.run(&["failures", "--since", "1h", "--now", NOW]).code(0).json()["total"], 0);
        assert_eq!(db.run(&["failures", "--stage", "nothing"]).code(2).json()["error"]["kind"], "usage");
        assert!((db.number("select count(*) from nikita_jobs_failures where true") - 4.0).abs() < 1e-9);

        let dry = db.run(&["retry", "--failed", "--error", "401", "--dry-run", "--now", NOW]).code(0).json();
        assert_eq!((&dry["retried"], &dry["dry_run"]), (&2.into(), &true.into()), "{dry}");
        assert!((db.number("select count(*) from conversations where status = 'failed'") - 3.0).abs() < 1e-9);
        let done = db.run(&["retry", "--failed", "--error", "401", "--now", NOW]).code(0).json();
        assert_eq!(done["retried"], 2, "{done}");
        assert!((db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0") - 3.0).abs() < 1e-9);
        assert_eq!(db.run(&["retry", "--failed", "--error", "401", "--now", NOW]).code(0).json()["retried"], 0);

        let by_id = db.run(&["retry", &waits.to_string(), &fresh.to_string(), "--now", NOW]).code(0).json();
        assert_eq!((&by_id["retried"], &by_id["untouched"][0]["status"]), (&1.into(), &"active".into()), "{by_id}");
        let unknown = db.run(&["retry", &Uuid::new_v4().to_string(), "--now", NOW]).code(1).json();
        assert_eq!(unknown["unknown"].as_array().map(Vec::len), Some(1), "{unknown}");
    }

    fn what_a_run_holds_is_not_retried(db) {
        let held = conversation(db, player(db), "status, processing_attempts, last_message_at", &format!("'processing', 1, {DUE}"));
        let left = db.run(&["retry", &held.to_string(), "--now", NOW]).code(0).json();
        assert_eq!((&left["retried"], &left["untouched"][0]["status"]), (&0.into(), &"processing".into()), "{left}");
        assert!((db.number("select count(*) from conversations where status = 'processing'") - 1.0).abs() < 1e-9);
    }

    fn runs_are_listed_by_time_job_state_and_host(db) {
        db.run(&["decay", "--now", NOW]).code(0);
        db.run(&["recover", "--now", NOW]).code(0);
        let list = |args: &[&str]| {
            let all: Vec<_> = ["status", "--since", "1h", "--now", NOW].iter().chain(args).copied().collect();
            db.run(&all).code(0).json()["runs"].as_array().expect("a list").len()
        };
        assert_eq!((list(&[]), list(&["--job", "decay"]), list(&["--state", "failed"]), list(&["--host", "x"])), (2, 1, 0, 0));
        assert!((db.number("select count(*) from nikita_jobs_latest_runs where status = 'completed'") - 2.0).abs() < 1e-9);
        db.run(&["status", "--job", "decay"]).code(2);
    }

    fn why_agrees_with_what_the_next_run_does(db) {
        let mut random = fastrand::Rng::with_seed(20);
        let mut ids = Vec::new();
        for _ in 0..120 {
            let over = random.bool();
            let of = Player { game_status: if over { "game_over" } else { "active" }, ..Player::default() }.insert(db);
            for _ in 0..random.usize(1..4) {
                let pick = |random: &mut fastrand::Rng, all: &[&str]| all[random.usize(..all.len())].to_owned();
                let status = pick(&mut random, &["'active'", "'active'", "'active'", "'processed'", "'failed'"]);
                let attempts = pick(&mut random, &["0", "1", "2", "3"]);
                let next = pick(&mut random, &["null", "'2026-11-18T11:59:00.000000Z'", "'2026-11-18T12:03:00.000000Z'"]);
                let last = pick(&mut random, &["null", DUE, "'2026-11-18T11:59:00.000000Z'", "'2026-11-17T11:00:00.000000Z'"]);
                let (platform, ended) = (pick(&mut random, &["'voice'", "'telegram'"]), pick(&mut random, &["null", DUE]));
                ids.push(conversation(
                    db, of, "status, processing_attempts, next_attempt_at, last_message_at, platform, ended_at",
                    &format!("{status}, {attempts}, {next}, {last}, {platform}, {ended}"),
                ).to_string());
            }
        }
        let settings = ["--rollout-percent", "60", "--batch", "1000", "--now", NOW];
        let asked: Vec<_> = std::iter::once("why").chain(settings).chain(ids.iter().map(String::as_str)).collect();
        let why = db.run(&asked).code(0).json();
        let plan: Vec<_> = ["process-conversations", "--dry-run"].into_iter().chain(settings).collect();
        let plan = db.run(&plan).code(0).json();
        let run: Vec<_> = ["process-conversations"].into_iter().chain(settings).collect();
        let done = db.run(&run);
        assert!([Some(0), Some(3)].contains(&done.exit()), "{}", done.all());
        let done = done.json();
        let taken = |id: &str| done["conversations"].as_array().into_iter().flatten().any(|it| it["conversation_id"] == id);
        let mut rules = std::collections::BTreeMap::<String, i64>::new();
        for entry in why["entries"].as_array().expect("a list") {
            let (id, rule) = (entry["id"].as_str().expect("an id"), entry["rule"].as_str().expect("a rule"));
            *rules.entry(rule.to_owned()).or_default() += 1;
            // After the older one of its player, a run may well come to it.
            if rule != "older_first" {
                assert_eq!(entry["taken"], taken(id), "{entry}");
            }
        }
        for rule in ["due", "not_over", "attempts_used", "pause", "rollout", "older_first", "processed", "failed"] {
            assert!(rules.contains_key(rule), "{rule} was not met: {rules:?}");
        }
        // A dry run counts the same by the same rules.
        for reason in plan["reasons"].as_array().expect("a list") {
            let rule = reason["rule"].as_str().expect("a rule");
            assert_eq!(reason["count"], Value::from(rules[rule]), "{rule}: {plan}");
        }
    }
}
