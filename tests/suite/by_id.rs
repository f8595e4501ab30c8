//! process-conversations --id: one conversation at an operator's wish, and processing one anew.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, eventually};
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, backlog, conversation, transcript};

const HOUR: i64 = 3600;

fn by_id(db: &Db, id: Uuid, args: &[&str]) -> Bin {
    db.command(&["process-conversations", "--now", NOW, "--id", &id.to_string()]).args(args)
}

fn status(db: &Db, id: Uuid) -> String {
    db.value(&format!("select status from conversations where id = '{id}'"))
}

fn first_words() -> Value {
    transcript(&["I work as a nurse in Lisbon.", "Tell me more!", "I love climbing. Next week I have an interview."])
}

/// Everything that a processed conversation leaves behind, but for ids and times that are drawn anew.
fn left_behind(db: &Db) -> Vec<Vec<String>> {
    [
        "select id, fact, is_active, coalesce(superseded_by, id) from memory_facts order by id",
        "select id, content from conversation_threads order by id",
        "select id, content from nikita_thoughts order by id",
        "select user_id, platform, is_current from ready_prompts order by 1, 2, 3",
        "select date, score_start, score_end, conversations_count, summary_text from daily_summaries order by id",
        "select event_id, description from nikita_life_events order by event_id",
        "select conflict_details from users order by id",
        "select id, trigger_type from scheduled_touchpoints order by id",
        "select id, conversation_summary, emotional_tone from conversations order by id",
    ]
    .iter()
    .flat_map(|query| db.rows(query))
    .collect()
}

on_every_database! {
    fn one_conversation_is_processed_now_and_no_other(db) {
        let all = backlog(db, 3);
        db.execute(&format!("update conversations set next_attempt_at = {} where id = '{}'", at(HOUR), all[1]));
        // A run that has just completed closes the window for others, not for an operator.
        db.run(&["process-conversations", "--now", NOW, "--batch", "1"]).code(0);
        let result = by_id(db, all[1], &[]).done().code(0).json();
        assert_eq!(
            [&result["status"], &result["exit_code"], &result["conversation_id"]],
            [&json!("success"), &json!(0), &json!(all[1])]
        );
        assert_eq!(result["stage_results"].as_object().unwrap().len(), 9);
        assert_eq!(result["pipeline_execution_id"], result["execution_id"]);
        assert_eq!([0, 1, 2].map(|i| status(db, all[i])), ["processed", "processed", "active"]);
        let stored: Value = serde_json::from_str(&db.value(&format!(
            "select result from job_executions where id = '{}'", result["execution_id"].as_str().unwrap()
        ))).unwrap();
        assert_eq!(stored, result);
        promises::kept(db);
    }

    fn the_exit_code_is_the_conversations_outcome(db) {
        let [partial, retried, out, failed] = backlog(db, 4).try_into().unwrap();
        let rehearsed = |id: Uuid, plan: &str, code| by_id(db, id, &[]).env("NIKITA_REHEARSE", plan).done().code(code).json();
        assert_eq!(rehearsed(partial, "summary=fail", 0)["status"], "partial_success");
        assert_eq!(rehearsed(retried, "extraction=fail", 0)["status"], "retrying");
        let outage = rehearsed(out, "extraction=unavailable", 69);
        assert_eq!(outage["conversation_id"], json!(out));
        let refused = rehearsed(failed, "extraction=refuse", 3);
        assert_eq!((&refused["status"], status(db, failed).as_str()), (&json!("failed"), "failed"));
        let wrong = rehearsed(retried, "extraction=misconfigure", 78);
        assert_eq!((&wrong["status"], &wrong["error"]["kind"]), (&json!("error"), &json!("configuration")));
        let slow = by_id(db, retried, &["--timeout", "200ms"]).env("NIKITA_REHEARSE", "extraction=hang").done().code(0).json();
        assert!(slow["error"].as_str().unwrap().starts_with("extraction: timed out"), "{slow}");
        promises::kept(db);
    }

    fn what_can_not_be_processed_is_refused_with_the_reason(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        let older = conversation(db, user, -3 * HOUR, &first_words());
        let newer = conversation(db, user, -2 * HOUR, &first_words());
        let refused = |id: Uuid, args: &[&str]| {
            let done = by_id(db, id, args).done().code(1);
            assert_eq!(done.json()["error"]["kind"], "failed");
            done.error()
        };
        let ghost = Uuid::new_v4();
        assert_eq!(refused(ghost, &[]), format!("there is no conversation {ghost}"));
        assert_eq!(
            refused(newer, &[]),
            format!("an older conversation of this player must be processed before {newer}; process that one first")
        );
        assert_eq!(
            refused(older, &["--session-timeout", "5h"]),
            format!("conversation {older} is not over: its last message is younger than --session-timeout (5h)")
        );
        db.execute(&format!("update conversations set processing_attempts = 3 where id = '{older}'"));
        assert!(refused(older, &[]).ends_with("has used its three attempts; --reprocess gives it new ones"));
        db.execute(&format!("update conversations set status = 'failed', last_error = 'too odd' where id = '{older}'"));
        assert_eq!(refused(older, &[]), format!("conversation {older} has failed (too odd); --reprocess tries again"));
        by_id(db, older, &["--reprocess"]).done().code(0);
        assert_eq!(refused(older, &[]), format!("conversation {older} has been processed; --reprocess processes it again"));
        assert_eq!(status(db, newer), "active");
        db.run(&["process-conversations", "--id", "42"]).code(2);
        db.run(&["process-conversations", "--reprocess"]).code(2);
        let done = db.command(&["process-conversations"]).env("NIKITA_CONVERSATION_ID", "42").done().code(78);
        assert_eq!(done.error(), "NIKITA_CONVERSATION_ID=\"42\" is not a conversation's id, a UUID");
        promises::kept(db);
    }

    fn while_a_player_is_being_processed_no_wish_gets_in_between(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        let first = conversation(db, user, -3 * HOUR, &first_words());
        by_id(db, first, &[]).done().code(0);
        let second = conversation(db, user, -2 * HOUR, &first_words());
        let run = by_id(db, second, &[]).env("NIKITA_REHEARSE", "latency=2s").start();
        eventually("it is claimed", || status(db, second) == "processing");
        let busy = by_id(db, second, &["--reprocess"]).done().code(1).error();
        assert_eq!(busy, format!(
            "conversation {second} is being processed; if its run is dead, `recover conversation {second} --requeue` makes it active again"
        ));
        assert!(by_id(db, first, &["--reprocess"]).done().code(1).error().starts_with("another conversation of this player"));
        run.done().code(0);
        promises::kept(db);
    }

    fn many_wishes_at_once_are_granted_once(db) {
        let all = backlog(db, 1);
        let runs: Vec<_> = (0..5).map(|_| by_id(db, all[0], &[]).env("NIKITA_REHEARSE", "latency=300ms").start()).collect();
        let granted = runs.into_iter().map(crate::support::bin::Running::done).filter(|done| done.json()["exit_code"] == 0).count();
        assert_eq!((granted, db.value("select processing_attempts from conversations").as_str()), (1, "1"));
        promises::kept(db);
    }

    /// The same words again leave the same behind: nothing twice, nothing lost, nothing superseded by itself.
    fn processing_anew_changes_nothing_where_nothing_has_changed(db) {
        let user = Player { last_interaction: at(-HOUR), timezone: "America/New_York", ..Player::default() }.insert(db);
        conversation(db, user, -5 * HOUR, &transcript(&["I work as a nurse.", "Oh!", "I have a cat called Miso."]));
        let last = conversation(db, user, -3 * HOUR, &first_words());
        db.execute("update conversations set score_delta = -5");
        db.run(&["process-conversations", "--force", "--now", NOW]).code(0);
        let before = left_behind(db);
        assert_eq!(by_id(db, last, &["--reprocess"]).done().code(0).json()["status"], "success");
        assert_eq!(left_behind(db), before);
        assert_eq!(db.number("select count(*) from memory_facts where superseded_by = id"), 0.0);
        promises::kept(db);
    }

    fn processing_anew_replaces_what_the_first_time_left(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        conversation(db, user, -5 * HOUR, &transcript(&["I work as a nurse in Lisbon."]));
        let last = conversation(db, user, -3 * HOUR, &transcript(&["I work as a nurse in Lisbon now.", "Oh!", "I love climbing. I hate rain."]));
        db.run(&["process-conversations", "--force", "--now", NOW]).code(0);
        assert_eq!(db.number("select count(*) from memory_facts where is_active"), 3.0);
        let theirs = Uuid::new_v4();
        db.execute(&format!(
            "insert into conversation_threads (id, user_id, content, source_conversation_id) values ('{theirs}', '{user}', 'of the application', '{last}')"
        ));
        let words = transcript(&["I have two cats."]).to_string().replace('\'', "''");
        db.execute(&format!("update conversations set messages = '{words}' where id = '{last}'"));
        by_id(db, last, &["--reprocess"]).done().code(0);
        // What the first time had replaced is back, and what it had learned is gone.
        let facts: Vec<_> = db.rows("select fact from memory_facts where is_active order by fact").concat();
        assert!(facts.len() == 2 && facts[0].contains("two cats") && facts[1].contains("nurse in Lisbon."), "{facts:?}");
        assert_eq!(db.number("select count(*) from memory_facts"), 2.0);
        assert_eq!(db.number(&format!("select count(*) from conversation_threads where id = '{theirs}'")), 1.0);
        assert_eq!(db.number("select conversations_count from daily_summaries"), 2.0);
        let day = db.value("select summary_text from daily_summaries");
        assert!(day.contains("two cats") && day.contains("nurse") && !day.contains("climbing"), "{day}");
        let prompt = db.value("select prompt_text from ready_prompts where platform = 'text' and is_current");
        let memory = prompt.split("# Memory").nth(1).unwrap().split("# Continuity").next().unwrap();
        assert!(memory.contains("two cats") && !memory.contains("hate rain"), "{memory}");
        promises::kept(db);
    }

    fn where_it_fails_anew_the_first_time_stands(db) {
        let all = backlog(db, 1);
        by_id(db, all[0], &[]).done().code(0);
        let before = left_behind(db);
        let done = by_id(db, all[0], &["--reprocess"]).env("NIKITA_REHEARSE", "extraction=refuse").done().code(3);
        assert_eq!(done.json()["status"], "failed");
        assert_eq!((status(db, all[0]).as_str(), left_behind(db)), ("processed", before));
        assert!(db.value("select last_error from conversations").contains("refused"));
        promises::kept(db);
    }

    fn a_dry_run_tells_and_writes_nothing(db) {
        let all = backlog(db, 1);
        let result = by_id(db, all[0], &["--dry-run"]).done().code(0).json();
        assert_eq!((&result["conversation_id"], &result["dry_run"]), (&json!(all[0]), &json!(true)));
        by_id(db, Uuid::new_v4(), &["--dry-run"]).done().code(1);
        assert_eq!((status(db, all[0]).as_str(), db.number("select count(*) from job_executions")), ("active", 0.0));
    }

    /// The same players in every database and at every run, and more of them as the share grows; nobody starves behind the rest.
    fn a_rollout_takes_the_same_share_of_players_each_time(db) {
        let is_in = |user: &Uuid, percent: u128| {
            let bits = user.as_u128();
            ((bits >> 96) + (bits & 0xffff_ffff)) % 100 < percent
        };
        let users: Vec<Uuid> = (1..=60_u128)
            .map(|i| {
                let id = Uuid::from_u128(i.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
                conversation(db, Player { id, ..Player::default() }.insert(db), -100 * HOUR + i64::try_from(i).unwrap() * 60, &json!([]));
                id
            })
            .collect();
        let expected = |percent| users.iter().filter(|user| is_in(user, percent)).count();
        assert!(expected(30) > 5 && expected(30) < expected(60) && expected(60) < 55);
        let run = |percent: &str| {
            db.command(&["process-conversations", "--force", "--now", NOW, "--batch", "100"])
                .env("UNIFIED_PIPELINE_ROLLOUT_PERCENT", percent).done().code(0).json()
        };
        assert_eq!(run("0")["detected"], 0);
        let third = run("30");
        assert_eq!((&third["detected"], &third["processed"]), (&json!(expected(30)), &json!(expected(30))));
        for row in db.rows("select user_id, status from conversations") {
            assert_eq!(row[1] == "processed", is_in(&row[0].parse().unwrap(), 30), "{row:?}");
        }
        assert_eq!(run("60")["processed"], expected(60) - expected(30));
        assert_eq!(run("100")["processed"], 60 - expected(60));
        for wrong in ["101", "-1", "half", "0.5", ""] {
            let done = db.command(&["process-conversations"]).env("UNIFIED_PIPELINE_ROLLOUT_PERCENT", wrong).done().code(78);
            assert_eq!(done.error(), format!("UNIFIED_PIPELINE_ROLLOUT_PERCENT={wrong:?} is not a whole number from 0 to 100"));
        }
    }
}
