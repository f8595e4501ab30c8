//! The conflict beside the application (spec 09, "Conflict"): it heats, we cool, and neither loses what the other writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::application::{App, Place, Schema};
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::model_server::{MESSAGES, ModelServer, Step};
use crate::support::seed::{NOW, Player, at, conversation, transcript};

const HOUR: i64 = 3600;

/// All the keys that the application writes, at 72 degrees four hours ago.
fn details() -> Value {
    json!({
        "temperature": 72.0, "zone": "hot", "positive_count": 4, "negative_count": 2, "gottman_ratio": 2.0, "gottman_target": 5.0,
        "horsemen_detected": ["criticism"], "repair_attempts": [{"at": null}], "last_temp_update": "2026-11-18T08:00:00+00:00",
        "session_positive": 1, "session_negative": 0, "boss_phase": null, "consecutive_crises": 2, "last_crisis_at": null,
    })
}

fn set(db: &Db, user: Uuid, details: &Value) {
    let text = details.to_string().replace('\'', "''");
    db.execute(&format!("update users set conflict_details = '{text}' where id = '{user}'"));
}

fn stored(db: &Db, user: Uuid) -> Value {
    let text = db.value(&format!("select conflict_details from users where id = '{user}'"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A player with those details and a due conversation that went badly.
fn player(db: &Db, details: &Value) -> Uuid {
    let user = Player { score: "50.00", last_interaction: at(-4 * HOUR), ..Player::default() }.insert(db);
    set(db, user, details);
    let id = conversation(db, user, -2 * HOUR, &transcript(&["You never listen to me.", "I do."]));
    db.execute(&format!("update conversations set score_delta = -4 where id = '{id}'"));
    user
}

fn process(db: &Db, env: &[(&str, &str)]) -> Value {
    let command = db.command(&["process-conversations", "--force", "--now", NOW]);
    env.iter().fold(command, |command, (name, value)| command.env(name, value)).done().code(0).json()
}

/// Changes something while a model thinks about the claimed conversation: after the snapshot, before the commit.
fn meanwhile(db: &Db, change: impl FnOnce()) {
    let server = ModelServer::start();
    server.script(MESSAGES, [Step::Late(Duration::from_millis(700))]);
    let running = server.serves(db.command(&["process-conversations", "--force", "--now", NOW])).start();
    eventually("a model is asked", || server.calls(MESSAGES) > 0);
    change();
    assert_eq!(running.done().code(0).json()["processed"], 1);
}

fn state(db: &Db) -> String {
    db.value("select conflict_state from nikita_emotional_states")
}

on_every_database! {
    fn the_stage_cools_and_leaves_every_other_key_alone(db) {
        let user = player(db, &details());
        process(db, &[]);
        let mut expected = details();
        expected["temperature"] = json!(70.0);
        expected["last_temp_update"] = json!("2026-11-18T12:00:00.000000+00:00");
        assert_eq!(stored(db, user), expected);
        assert_eq!(state(db), "cold");
        assert_eq!(db.value("select game_status from users"), "active", "nothing is counted twice");
    }

    fn a_text_with_the_object_inside_becomes_the_object(db) {
        let user = player(db, &json!(details().to_string()));
        process(db, &[]);
        let stored = stored(db, user);
        assert_eq!((&stored["temperature"], &stored["gottman_target"]), (&json!(70.0), &json!(5.0)));
        assert_eq!(stored.as_object().unwrap().len(), 14);
    }

    fn a_game_ends_beside_the_application_only_where_the_setting_says_so(db) {
        let mut lost = details();
        lost["consecutive_crises"] = json!(3);
        player(db, &lost);
        process(db, &[("NIKITA_BREAKUP", "true")]);
        assert_eq!(db.value("select game_status from users"), "game_over");
        assert_eq!(db.value("select count(*) from score_history where event_type = 'conflict_breakup'"), "1");
    }

    fn a_setting_says_that_we_heat(db) {
        let user = player(db, &details());
        process(db, &[("NIKITA_CONFLICT", "own")]);
        // Two hours until the last message, then 4 points at 1.5, and 5 more.
        assert_eq!(stored(db, user)["temperature"], json!(82.0));
        assert_eq!(state(db), "explosive");
    }

    fn what_the_application_writes_meanwhile_is_kept_key_by_key(db) {
        let user = player(db, &details());
        let mut theirs = details();
        for (key, value) in [
            ("positive_count", json!(5)), ("negative_count", json!(9)), ("gottman_ratio", json!(0.5)), ("gottman_target", json!(6.0)),
            ("horsemen_detected", json!(["contempt"])), ("repair_attempts", json!([])), ("session_positive", json!(7)),
            ("session_negative", json!(8)), ("boss_phase", json!({"phase": 1})), ("consecutive_crises", json!(1)),
            ("last_crisis_at", json!("2026-11-18T09:00:00+00:00")), ("of_a_later_version", json!(true)),
        ] {
            theirs[key] = value;
        }
        meanwhile(db, || set(db, user, &theirs));
        theirs["temperature"] = json!(70.0);
        theirs["last_temp_update"] = json!("2026-11-18T12:00:00.000000+00:00");
        assert_eq!(stored(db, user), theirs);
    }

    fn where_the_application_was_faster_nothing_of_the_conflict_is_written(db) {
        let user = player(db, &details());
        let mut theirs = details();
        theirs["temperature"] = json!(88.0);
        theirs["zone"] = json!("critical");
        theirs["last_temp_update"] = json!("2026-11-18T11:59:59+00:00");
        meanwhile(db, || set(db, user, &theirs));
        assert_eq!((stored(db, user), state(db).as_str()), (theirs, "none"));
        assert_ne!(db.value("select cached_voice_prompt is null from users"), "true", "the rest of the row is");
    }

    fn a_text_that_changes_meanwhile_is_left_alone(db) {
        let user = player(db, &json!(details().to_string()));
        let mut theirs = details();
        theirs["boss_phase"] = json!("two");
        let theirs = json!(theirs.to_string());
        meanwhile(db, || set(db, user, &theirs));
        assert_eq!(stored(db, user), theirs);
    }
}

/// The application writes one key after the other at any instant while ten conversations are committed: each is found.
#[test]
fn every_key_survives_writers_at_any_instant() {
    let db = Db::postgres();
    let user = player(&db, &details());
    for i in 3..12 {
        conversation(&db, user, -i * HOUR, &transcript(&["Hi", "Hello"]));
    }
    let keys = [
        "positive_count",
        "negative_count",
        "session_positive",
        "session_negative",
        "boss_phase",
        "of_a_later_version",
    ];
    let stop = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writers: Vec<_> = keys
            .iter()
            .map(|key| {
                let (db, stop) = (&db, &stop);
                scope.spawn(move || {
                    let mut last = 0;
                    while !stop.load(Ordering::Relaxed) {
                        last += 1;
                        db.execute_elsewhere(&format!(
                            "update users set conflict_details = jsonb_set(conflict_details, '{{{key}}}', '{last}') where id = '{user}'"
                        ));
                    }
                    last
                })
            })
            .collect();
        let processed = process(&db, &[]);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(processed["processed"], 10);
        writers.into_iter().map(|it| it.join().unwrap()).collect::<Vec<i64>>()
    });
    let stored = stored(&db, user);
    for (key, last) in keys.iter().zip(written) {
        assert_eq!(stored[*key], json!(last), "{key} of {stored}");
    }
    assert_eq!(stored["temperature"], json!(70.0));
}

/// Its own rows, in both forms: nobody loses a game, and the counts are its own.
#[test]
fn nobody_of_the_application_loses_a_game() {
    let app = App::new(Schema::Current, Place::Plain);
    app.migrate(&[]).code(0);
    app.job(&["process-conversations"]).done().code(0);
    let rows = app.db.rows(
        "select conflict_details ->> 'temperature', conflict_details ->> 'consecutive_crises', game_status from users \
         where conflict_details ? 'gottman_target' order by id",
    );
    assert_eq!(rows, vec![["70.0", "2", "active"]; 3]);
}
