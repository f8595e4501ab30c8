//! decay, from outside: what becomes of players' rows.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::on_every_database;
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, time};

const HOUR: i64 = 3600;

/// Runs decay as if it were so many seconds after [`NOW`].
fn decay(db: &Db, seconds: i64, args: &[&str]) -> serde_json::Value {
    let now = time(seconds);
    let args: Vec<_> = ["decay", "--force", "--now", &now].into_iter().chain(args.iter().copied()).collect();
    db.run(&args).code(0).json()
}

fn score(db: &Db, player: uuid::Uuid) -> String {
    format!("{:.2}", db.number(&format!("select relationship_score from users where id = '{player}'")))
}

fn charged(db: &Db) -> f64 {
    db.number("select coalesce(sum(cast(event_details ->> 'decay_amount' as real)), 0) from score_history where event_type = 'decay'")
}

/// The application refuses to change the score of these players.
fn refuse(db: &Db, which: &str) {
    db.execute(&if db.is_postgres() {
        format!(
            "create function refuse() returns trigger language plpgsql as $$ begin \
             if {which} then raise exception 'not this one'; end if; return new; end $$; \
             create trigger refuse before update of relationship_score on users for each row execute function refuse()"
        )
    } else {
        format!(
            "create trigger refuse before update of relationship_score on users when {which} \
             begin select raise(abort, 'not this one'); end"
        )
    });
}

on_every_database! {
    fn twenty_four_hourly_runs_cost_19_20_and_not_more(db) {
        let player = Player { last_interaction: at(-8 * HOUR), ..Player::default() }.insert(db);
        for hour in 1..=24 {
            decay(db, hour * HOUR, &[]);
        }
        assert_eq!(score(db, player), "40.80");
        assert_eq!(db.number("select count(*) from score_history"), 24.0);
    }

    fn every_chapter_has_its_grace_and_its_rate(db) {
        // One hour past each chapter's grace; and one exactly at it, who is not overdue.
        let mut players = Vec::new();
        for (chapter, grace) in [(1, 8), (2, 16), (3, 24), (4, 48), (5, 72)] {
            let past = Player { chapter, last_interaction: at(-(grace + 1) * HOUR), ..Player::default() }.insert(db);
            let boundary = Player { chapter, last_interaction: at(-grace * HOUR), ..Player::default() }.insert(db);
            players.push((past, boundary));
        }
        let result = decay(db, 0, &[]);
        assert_eq!((&result["processed"], &result["decayed"], &result["points"]), (&json!(10), &json!(5), &json!("2.30")));
        let scores: Vec<_> = players.iter().map(|(past, _)| score(db, *past)).collect();
        assert_eq!(scores, ["59.20", "59.40", "59.60", "59.70", "59.80"]);
        assert!(players.iter().all(|(_, boundary)| score(db, *boundary) == "60.00"));
    }

    fn the_history_says_what_was_charged(db) {
        Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
        decay(db, 50, &[]);
        let details: serde_json::Value = serde_json::from_str(&db.value("select event_details from score_history")).unwrap();
        assert_eq!(details["decay_amount"].as_f64(), Some(0.81));
        assert_eq!(details["score_before"].as_f64(), Some(60.0));
        assert_eq!(details["hours_charged"].as_f64(), Some(1.0125));
        assert_eq!(db.number("select score from score_history"), 59.19);
    }

    fn only_active_onboarded_players_decay(db) {
        let due = at(-100 * HOUR);
        for status in ["boss_fight", "game_over", "won"] {
            Player { game_status: status, last_interaction: due.clone(), ..Player::default() }.insert(db);
        }
        for onboarding in ["pending", "in_progress"] {
            Player { onboarding, last_interaction: due.clone(), ..Player::default() }.insert(db);
        }
        let skipped = Player { onboarding: "skipped", last_interaction: due, ..Player::default() }.insert(db);
        let result = decay(db, 0, &[]);
        assert_eq!((&result["processed"], &result["decayed"]), (&json!(1), &json!(1)));
        assert_eq!(score(db, skipped), "40.00");
    }

    fn the_cap_forgives_and_the_watermark_says_so(db) {
        let player = Player { last_interaction: at(-1000 * HOUR), ..Player::default() }.insert(db);
        assert_eq!(decay(db, 0, &[])["points"], "20.00");
        assert_eq!(decay(db, 0, &[])["points"], "0.00");
        assert_eq!(decay(db, HOUR, &[])["points"], "0.80");
        assert_eq!(score(db, player), "39.20");
    }

    fn who_never_interacted_owes_a_day_once(db) {
        let player = Player { chapter: 2, ..Player::default() }.insert(db);
        assert_eq!(decay(db, 0, &[])["points"], "14.40");
        assert_eq!(decay(db, HOUR, &[])["points"], "0.60");
        assert_eq!(score(db, player), "45.00");
    }

    fn a_new_interaction_restarts_the_clock(db) {
        let player = Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        decay(db, 0, &[]);
        db.execute(&format!("update users set last_interaction_at = {}", at(HOUR)));
        assert_eq!(decay(db, 9 * HOUR, &[])["points"], "0.00");
        assert_eq!(decay(db, 10 * HOUR, &[])["points"], "0.80");
        assert_eq!(score(db, player), "57.60");
    }

    fn reaching_zero_ends_the_game_with_a_history_row_and_one_goodbye(db) {
        let told = Player { score: "0.40", last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
        Player { score: "0.40", last_interaction: at(-9 * HOUR), notifications: false, ..Player::default() }.insert(db);
        Player { score: "0.40", last_interaction: at(-9 * HOUR), telegram_id: "null", ..Player::default() }.insert(db);
        let result = decay(db, 0, &[]);
        assert_eq!((&result["game_overs"], &result["points"]), (&json!(3), &json!("1.20")));
        assert_eq!(db.number("select count(*) from users where game_status = 'game_over' and relationship_score = 0"), 3.0);
        assert_eq!(db.number("select count(*) from score_history where event_type = 'decay_game_over'"), 3.0);
        let events = db.rows("select user_id, status, platform, content ->> 'chat_id' from scheduled_events");
        assert_eq!(events, [[told.to_string(), "pending".into(), "telegram".into(), "4711".into()]]);
        assert_eq!(decay(db, 24 * HOUR, &[])["processed"], 0);
    }

    fn falling_below_forty_warns_once(db) {
        let warned = Player { score: "40.00", last_interaction: at(-8 * HOUR - 45), ..Player::default() }.insert(db);
        Player { score: "40.02", last_interaction: at(-8 * HOUR - 45), ..Player::default() }.insert(db);
        Player { score: "39.99", last_interaction: at(-8 * HOUR - 45), ..Player::default() }.insert(db);
        assert_eq!(decay(db, 0, &[])["warned"], 1);
        assert_eq!(decay(db, 45, &[])["warned"], 0);
        assert_eq!(db.value("select user_id from scheduled_touchpoints"), warned.to_string());
    }

    fn unreadable_players_are_left_alone_and_counted(db) {
        db.execute(if db.is_postgres() {
            "alter table users alter column relationship_score drop not null"
        } else {
            "select 1"
        });
        let missing = if db.is_postgres() { "null" } else { "-1" };
        Player { score: missing, last_interaction: at(-99 * HOUR), ..Player::default() }.insert(db);
        Player { score: "-5", last_interaction: at(-99 * HOUR), ..Player::default() }.insert(db);
        Player { chapter: 0, last_interaction: at(-99 * HOUR), ..Player::default() }.insert(db);
        Player { chapter: 9, last_interaction: at(-99 * HOUR), ..Player::default() }.insert(db);
        Player { score: "150", last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
        Player { last_interaction: at(99 * HOUR), ..Player::default() }.insert(db);
        Player { last_interaction: at(-99 * HOUR), decayed_through: at(99 * HOUR), ..Player::default() }.insert(db);
        let result = decay(db, 0, &[]);
        assert_eq!((&result["unreadable"], &result["decayed"], &result["points"]), (&json!(4), &json!(1), &json!("0.80")));
    }

    fn a_player_who_can_not_be_read_is_counted_and_the_others_are_charged(db) {
        let sound = Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
        let odd = |column: &str, value: &str| {
            let player = Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
            let checks = if db.is_postgres() { "" } else { "pragma ignore_check_constraints = on; " };
            db.execute(&format!("{checks}update users set {column} = {value} where id = '{player}'"));
        };
        let times = if db.is_postgres() {
            &["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'294000-01-01'"][..]
        } else {
            &["'infinity'", "'now'", "'0000-03-15T00:00:00.000000Z'", "'2026-13-45T00:00:00.000000Z'"]
        };
        for column in ["last_interaction_at", "decayed_through"] {
            for time in times {
                odd(column, time);
            }
        }
        odd("chapter", "0");
        odd("relationship_score", if db.is_postgres() { "'NaN'" } else { "9e999" });
        let foretold = decay(db, 0, &["--dry-run"]);
        let result = decay(db, 0, &[]);
        assert_eq!((&result["processed"], &result["decayed"], &result["unreadable"]), (&json!(11), &json!(1), &json!(10)));
        assert_eq!(foretold["unreadable"], json!(10));
        assert_eq!(score(db, sound), "59.20");
        assert_eq!(decay(db, HOUR, &["--batch", "5"])["decayed"], 1);
    }

    fn a_player_whom_the_database_refuses_bears_it_alone(db) {
        let players: Vec<_> = (0..7).map(|_| Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db)).collect();
        refuse(db, &format!("new.id = '{}'", players[3]));
        let done = db.run(&["decay", "--force", "--now", NOW]).code(3);
        let result = done.json();
        assert_eq!((&result["processed"], &result["decayed"], &result["points"]), (&json!(7), &json!(6), &json!("4.80")));
        assert_eq!(result["errors"].as_array().map(Vec::len), Some(1), "{result}");
        assert_eq!(result["errors"][0]["user_id"], players[3].to_string());
        assert!(result["error"]["message"].as_str().is_some_and(|it| it.contains("not this one")), "{result}");
        for (n, player) in players.iter().enumerate() {
            assert_eq!(score(db, *player), if n == 3 { "60.00" } else { "59.20" });
        }
        assert_eq!((charged(db) * 100.0).round(), 480.0);
    }

    fn where_everybody_is_refused_in_one_way_the_run_ends(db) {
        for _ in 0..110 {
            Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(db);
        }
        refuse(db, "true");
        let result = db.run(&["decay", "--force", "--now", NOW, "--chunk", "40"]).code(1).json();
        assert_eq!((&result["decayed"], result["errors"].as_array().map(Vec::len)), (&json!(0), Some(100)));
        assert!(result["error"]["message"].as_str().is_some_and(|it| it.contains("first 100")), "{result}");
        assert_eq!(charged(db), 0.0);
    }

    fn what_another_program_has_charged_is_not_charged_again(db) {
        let idle = Player { last_interaction: at(-72 * HOUR), ..Player::default() }.insert(db);
        let never = Player::default().insert(db);
        let foreign = |completed: &str| {
            db.execute(&format!(
                "insert into job_executions (id, job_name, started_at, completed_at, status) \
                 values ('{}', 'decay', {completed}, {completed}, 'completed')",
                uuid::Uuid::new_v4()
            ));
        };
        foreign(&at(-5 * HOUR));
        foreign(&at(-HOUR));
        // Nobody can have seen it: it is not believed.
        foreign(&at(240 * HOUR));
        assert_eq!(decay(db, 0, &["--dry-run"])["points"], "1.60");
        assert_eq!(decay(db, 0, &[])["points"], "1.60");
        assert_eq!((score(db, idle), score(db, never)), ("59.20".to_owned(), "59.20".to_owned()));
        let reasons = db.run(&["health", "--now", NOW]).code(3).json()["reasons"].to_string();
        assert!(reasons.contains("another program runs decay") && reasons.contains("dated in the future"), "{reasons}");
    }

    fn only_who_can_be_reached_is_warned_and_not_twice_a_day(db) {
        let low = |telegram_id| Player { score: "40.00", last_interaction: at(-9 * HOUR), telegram_id, ..Player::default() };
        let warned = low("4711").insert(db);
        low("null").insert(db);
        let before = low("4712").insert(db);
        db.execute(&format!(
            "insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at) \
             values ('{}', '{before}', 'event', '{{\"trigger_type\": \"event\", \"event_type\": \"decay_warning\", \"chapter\": 1, \
                 \"emotional_state\": {{}}}}', 'Hello', {})",
            uuid::Uuid::new_v4(),
            at(-23 * HOUR)
        ));
        assert_eq!(decay(db, 0, &["--dry-run"])["warned"], 1);
        assert_eq!(decay(db, 0, &[])["warned"], 1);
        let context = db.value(&format!(
            "select trigger_type || ' ' || cast(trigger_context as text) from scheduled_touchpoints where user_id = '{warned}'"
        ));
        let context: serde_json::Value =
            serde_json::from_str(context.strip_prefix("event ").expect("an event")).expect("JSON");
        assert_eq!(
            (&context["trigger_type"], &context["event_type"], &context["chapter"], &context["emotional_state"]),
            (&json!("event"), &json!("decay_warning"), &json!(1), &json!({}))
        );
        assert!(context["event_description"].is_string() && context.get("event_id").is_none(), "{context}");
    }

    fn a_capped_run_charges_the_longest_overdue_and_defers_the_rest(db) {
        let players: Vec<_> =
            (1..=5).map(|hours| Player { last_interaction: at(-(8 + hours) * HOUR), ..Player::default() }.insert(db)).collect();
        let preview = decay(db, 0, &["--batch", "2", "--dry-run"]);
        assert_eq!((&preview["decayed"], &preview["deferred"], &preview["points"]), (&json!(2), &json!(3), &json!("7.20")));
        let result = decay(db, 0, &["--batch", "2"]);
        assert_eq!((&result["decayed"], &result["deferred"]), (&json!(2), &json!(3)));
        assert_eq!((score(db, players[4]), score(db, players[3]), score(db, players[2])), ("56.00".into(), "56.80".into(), "60.00".into()));
        // The next run takes the next ones: nobody waits for ever.
        decay(db, 0, &["--batch", "2"]);
        assert_eq!((score(db, players[2]), score(db, players[1]), score(db, players[0])), ("57.60".into(), "58.40".into(), "60.00".into()));
        assert_eq!(decay(db, 0, &["--batch", "2"])["deferred"], 0);
    }

    fn a_dry_run_foretells_and_writes_nothing(db) {
        Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        Player { score: "0.10", last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        Player { score: "40.50", last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        let preview = decay(db, 0, &["--dry-run"]);
        assert_eq!(preview["dry_run"], true);
        assert_eq!(preview["execution_id"], serde_json::Value::Null);
        assert_eq!(db.number("select count(*) from job_executions"), 0.0);
        assert_eq!(charged(db), 0.0);
        let result = decay(db, 0, &[]);
        for field in ["processed", "decayed", "game_overs", "warned", "deferred", "points"] {
            assert_eq!(preview[field], result[field], "{field}");
        }
    }

    fn two_processes_at_once_charge_once(db) {
        for _ in 0..50 {
            Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        }
        let runs: Vec<_> =
            (0..6).map(|_| db.command(&["decay", "--now", NOW, "--chunk", "3"]).start()).collect();
        let codes: Vec<_> = runs.into_iter().map(|run| run.done().json()["exit_code"].as_i64().unwrap()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 75).count(), 5, "{codes:?}");
        assert_eq!(db.number("select count(*) from job_executions"), 1.0);
        assert_eq!(db.number("select count(*) from score_history"), 50.0);
        assert_eq!(db.number("select sum(relationship_score) from users"), 50.0 * 58.4);
    }

    fn a_run_killed_between_chunks_is_finished_by_the_next(db) {
        for _ in 0..800 {
            Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db);
        }
        // Every player a chunk: there is always a "between".
        let run = db.command(&["decay", "--now", NOW, "--chunk", "1", "--lease", "2s"]).start();
        eventually("the first charges are there", || db.number("select count(*) from score_history") > 10.0);
        run.signal("KILL");
        assert!(run.done().was_killed());
        let before = db.number("select count(*) from score_history");
        assert!(before < 800.0, "the run was too quick to be killed");
        // The dead run's lease blocks until it ends, and is then taken over.
        let blocked = db.run(&["decay", "--now", NOW]).code(75).json();
        assert_eq!(blocked["reason"], "already_running");
        db.run(&["decay", "--now", &time(3)]).code(0);
        assert_eq!(db.number("select count(distinct user_id) from score_history"), 800.0);
        assert_eq!(db.number("select count(*) from score_history"), 800.0);
        assert_eq!(db.number("select count(*) from users where relationship_score = 58.4"), 800.0);
        let dead = db.rows("select status, result -> 'error' ->> 'kind' from job_executions order by started_at");
        assert_eq!(dead, [["failed", "lease_expired"], ["completed", "null"]]);
    }
}

/// Only PostgreSQL has concurrent writers.
#[test]
fn a_player_who_is_being_written_is_neither_waited_for_nor_overwritten() {
    let db = Db::postgres();
    let busy = Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    let other = Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    let held = db.hold(&format!(
        "update users set relationship_score = 70, last_interaction_at = {} where id = '{busy}'",
        at(0)
    ));
    let result = decay(&db, 0, &[]);
    assert_eq!((&result["decayed"], &result["locked"]), (&json!(1), &json!(1)), "{result}");
    held.commit();
    assert_eq!((score(&db, busy), score(&db, other)), ("70.00".into(), "58.40".into()));
    // The interaction counts from now on; a score that is only raised keeps its debt.
    assert_eq!(decay(&db, 0, &[])["decayed"], 0);
    let held = db.hold(&format!("update users set relationship_score = 80 where id = '{other}'"));
    assert_eq!(decay(&db, HOUR, &[])["decayed"], 0);
    held.commit();
    decay(&db, HOUR, &[]);
    assert_eq!(score(&db, other), "79.20");
}

/// A trigger of the application writes a row of the player's beside, which another session holds: that player alone waits for the next run.
#[test]
fn a_player_whose_rows_are_held_is_charged_by_the_next_run() {
    let db = Db::postgres();
    let players: Vec<_> =
        (0..12).map(|_| Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db)).collect();
    db.execute(
        "create table cards (user_id uuid primary key, score numeric); insert into cards select id from users; \
         create function card() returns trigger language plpgsql as $$ begin \
           update cards set score = new.relationship_score where user_id = new.id; return new; end $$; \
         create trigger card after update of relationship_score on users for each row execute function card()",
    );
    let held = db.hold(&format!("update cards set score = 1 where user_id = '{}'", players[5]));
    let now = time(0);
    let run = |code| db.run(&["decay", "--force", "--now", &now, "--lease", "6s"]).code(code);
    let done = run(0);
    let result = done.json();
    assert_eq!(
        (&result["processed"], &result["decayed"], &result["locked"]),
        (&json!(12), &json!(11), &json!(1)),
        "{result}"
    );
    assert_eq!(result["errors"], json!([]));
    assert!(done.stderr().contains("player passed over; the next run charges them"), "{}", done.stderr());
    let warning = result["warnings"][0].as_str().unwrap();
    let names = format!("player passed over; the next run charges them (user_id={}, error=", players[5]);
    assert!(warning.starts_with(&names), "{result}");
    assert_eq!((score(&db, players[5]).as_str(), score(&db, players[6]).as_str()), ("60.00", "58.40"));
    // Now there is no other who could tell: the server's.
    assert!(run(69).error().contains("another session locks a row or a table"));
    held.commit();
    assert_eq!(run(0).json()["decayed"], 1);
    assert_eq!(score(&db, players[5]), "58.40");
    // A table that is held is everybody's trouble, and soon known to be.
    Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    let _held = db.hold("lock table score_history");
    run(69);
}

/// A statement that takes too long is halved down to the one player who takes so long; the others are charged.
#[test]
fn a_player_who_takes_too_long_bears_it_alone() {
    let db = Db::postgres();
    let players: Vec<_> =
        (0..5).map(|_| Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db)).collect();
    db.execute(&format!(
        "create function dawdle() returns trigger language plpgsql as $$ begin \
           if new.id = '{}' then perform pg_sleep(30); end if; return new; end $$; \
         create trigger dawdle before update of relationship_score on users for each row execute function dawdle()",
        players[2]
    ));
    let result = db.run(&["decay", "--force", "--now", NOW, "--lease", "6s"]).code(3).json();
    assert_eq!((&result["decayed"], &result["locked"]), (&json!(4), &json!(0)), "{result}");
    assert_eq!(result["errors"][0]["user_id"], json!(players[2]), "{result}");
    assert!(result["errors"][0]["error"].as_str().unwrap().contains("took too long"), "{result}");
    assert_eq!(score(&db, players[2]), "60.00");
}

/// What takes a server long is not tried again and again at full length: once a chunk of the same size has been too much, the next are
/// half as large.
#[test]
fn chunks_that_take_too_long_are_made_smaller() {
    let db = Db::postgres();
    for _ in 0..1_200 {
        Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    }
    db.execute(
        "create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.002); return new; end $$; \
         create trigger dawdle before update of relationship_score on users for each row execute function dawdle()",
    );
    let done = db.run(&["decay", "--force", "--now", NOW, "--lease", "6s", "--chunk", "400"]).code(0).json();
    assert_eq!(done["decayed"], 1_200, "{done}");
    // 400 take at least 0.8 s, which is all that a statement has: the first ends, and none of that length is begun again.
    let chunks = db.number("select count(distinct xmin::text) from score_history");
    assert!(chunks >= 6.0, "{chunks}");
}

/// How many are overdue is not known where the count does not end in time: the run goes on, and says so.
#[test]
fn a_total_that_can_not_be_had_is_null_and_not_fatal() {
    let db = Db::postgres();
    for hours in 1..=3 {
        Player { last_interaction: at(-(8 + hours) * HOUR), ..Player::default() }.insert(&db);
    }
    let asks = |what: &str| {
        format!(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
             and query like '-- {what}%'"
        )
    };
    let held = db.hold("lock table users");
    let run = db.command(&["decay", "--force", "--now", NOW, "--batch", "2"]).start();
    eventually("the count waits", || db.number(&asks("count_overdue")) == 1.0);
    db.execute(
        "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() \
         and query like '-- count_overdue%'",
    );
    eventually("the run has gone on", || db.number(&asks("last_turn")) == 1.0);
    held.commit();
    let done = run.done().code(0);
    let result = done.json();
    assert_eq!((&result["decayed"], &result["deferred"]), (&json!(2), &json!(null)), "{result}");
    assert!(done.stderr().contains("how many players are overdue"), "{}", done.stderr());
    let human = db.run(&["decay", "--force", "--now", NOW, "--format", "human"]).code(0).stdout();
    assert!(human.contains("locked"), "{human}");
}

/// The application raises scores while decay runs, again and again: what it adds and what is charged all adds up.
#[test]
fn no_score_written_meanwhile_is_lost() {
    const PLAYERS: usize = 40;
    let db = Db::postgres();
    let ids: Vec<_> =
        (0..PLAYERS).map(|_| Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(&db)).collect();
    let stop = AtomicBool::new(false);
    let raised: usize = std::thread::scope(|scope| {
        let application = ids.chunks(PLAYERS / 2).map(|mine| {
            let (db, stop) = (&db, &stop);
            scope.spawn(move || {
                let mut raised = 0;
                // A transaction over two players in falling order of ids: the one that would deadlock with a waiting decay.
                let mut pairs = mine.windows(2).map(|pair| (pair[0].max(pair[1]), pair[0].min(pair[1]))).cycle();
                while !stop.load(Ordering::Relaxed) {
                    let (first, second) = pairs.next().unwrap();
                    db.execute_elsewhere(&format!(
                        "begin; update users set relationship_score = relationship_score + 0.01 where id = '{first}'; \
                         update users set relationship_score = relationship_score + 0.01 where id = '{second}'; commit"
                    ));
                    raised += 2;
                }
                raised
            })
        });
        let application: Vec<_> = application.collect();
        for run in 0..12 {
            decay(&db, run * 450, &["--chunk", "7"]);
        }
        stop.store(true, Ordering::Relaxed);
        application.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(raised > 0);
    decay(&db, 12 * 450, &[]);
    let total = db.number("select sum(relationship_score) from users");
    let expected = PLAYERS as f64 * 60.0 + raised as f64 * 0.01 - charged(&db);
    assert!((total - expected).abs() < 0.005, "{total}, not {expected}");
    // 9 hours of silence, then 90 minutes of runs: 1 h and 1.5 h are due, 2.00 points each.
    assert!((charged(&db) - PLAYERS as f64 * 2.0).abs() < 0.005, "{}", charged(&db));
}

/// The SQL is held to the rule of `core::decay`, whatever the partition of time: a property, on real databases.
fn partitions_agree(db: &Db, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let cuts = prop::collection::vec(1..90_000_i64, 0..6);
    let result = runner.run(&(1..=5_i32, 0..8_000_i64, cuts), |(chapter, hundredths, mut cuts)| {
        let grace = [8, 16, 24, 48, 72][usize::try_from(chapter).unwrap() - 1] * HOUR;
        db.execute("delete from score_history");
        db.execute("delete from users");
        let score_text: &'static str = format!("{}.{:02}", hundredths / 100, hundredths % 100).leak();
        let player =
            Player { chapter, score: score_text, last_interaction: at(-grace), ..Player::default() }.insert(db);
        cuts.push(90_000);
        cuts.sort_unstable();
        for cut in cuts {
            decay(db, cut, &[]);
        }
        let per_hour = [80, 60, 40, 30, 20][usize::try_from(chapter).unwrap() - 1];
        let owed = (90_000 * per_hour / 3600).min(2_000).min(hundredths);
        let left = hundredths - owed;
        prop_assert_eq!(score(db, player), format!("{}.{:02}", left / 100, left % 100));
        prop_assert!((charged(db) * 100.0 - owed as f64).abs() < 0.01);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn partitions_agree_on_sqlite() {
    partitions_agree(&Db::sqlite(), 24);
}

#[test]
fn partitions_agree_on_postgres() {
    partitions_agree(&Db::postgres(), 24);
}
