//! `why`, and a dry run's `reasons`: over generated rows, the rule that is named is what the next run does (spec 06).
//!
//! `NIKITA_WHY_ROWS=10000` tries so many rows; `NIKITA_WHY_SEED` makes those of another run again.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use fastrand::Rng;
use serde_json::Value;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, conversation, time, transcript};

const HOUR: i64 = 3600;
/// What one command line is asked about at once.
const AT_ONCE: usize = 500;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

fn rows() -> usize {
    usize::try_from(number("NIKITA_WHY_ROWS").unwrap_or(200)).expect("a count")
}

/// Chance whose seed is shown where the test fails.
#[expect(clippy::print_stdout, reason = "the runner shows it where the test fails")]
fn chance() -> Rng {
    let seed = number("NIKITA_WHY_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("NIKITA_WHY_SEED={seed}");
    Rng::with_seed(seed)
}

fn one_of<'a>(random: &mut Rng, all: &[&'a str]) -> &'a str {
    all[random.usize(..all.len())]
}

/// Rows of a table, as SQL, some hundreds a statement.
fn insert(db: &Db, into: &str, rows: &[String]) {
    for some in rows.chunks(AT_ONCE) {
        db.execute(&format!("insert into {into} values {}", some.join(", ")));
    }
}

/// What `why` says of each.
fn why(db: &Db, ids: &[String], args: &[&str]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let args: Vec<_> =
            std::iter::once("why").chain(args.iter().copied()).chain(some.iter().map(String::as_str)).collect();
        let Value::Array(entries) = db.run(&args).code(0).json()["entries"].take() else { panic!("no list") };
        all.extend(entries.into_iter().map(|entry| (entry["id"].as_str().expect("an id").to_owned(), entry)));
    }
    assert_eq!(all.len(), ids.len());
    all
}

fn rule(entry: &Value) -> &str {
    entry["rule"].as_str().expect("a rule")
}

fn counts<'a>(entries: impl Iterator<Item = &'a Value>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(rule(entry).to_owned()).or_default() += 1;
    }
    counts
}

/// A dry run's `reasons` are what `why` says of each that is passed over.
fn check_reasons(plan: &Value, asked: &BTreeMap<String, Value>, counted: &BTreeMap<String, i64>) {
    let reasons = plan["reasons"].as_array().unwrap_or_else(|| panic!("no reasons: {plan}"));
    let told: BTreeMap<String, i64> =
        reasons.iter().map(|it| (rule(it).to_owned(), it["count"].as_i64().expect("a count"))).collect();
    assert_eq!(&told, counted, "left the dry run, right `why`");
    for reason in reasons {
        let first = reason["first"].as_array().expect("a list");
        assert_eq!(Some(i64::try_from(first.len()).unwrap()), reason["count"].as_i64().map(|it| it.min(20)));
        for id in first {
            assert_eq!(rule(&asked[id.as_str().expect("an id")]), rule(reason), "{id}");
        }
    }
}

/// A conversation's status and attempts, by its id: a claim changes one or the other.
fn moved(db: &Db) -> BTreeMap<String, Vec<String>> {
    let rows = db.rows("select cast(id as text), cast(status as text), processing_attempts from conversations");
    rows.into_iter().map(|mut row| (row.remove(0), row)).collect()
}

fn generate_conversations(db: &Db, random: &mut Rng, many: usize) -> Vec<String> {
    let (mut players, mut conversations, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    while ids.len() < many {
        let player = Uuid::from_u128(random.u128(..));
        let game = one_of(random, &["active", "active", "game_over"]);
        players.push(format!("('{player}', '{game}', 'completed')"));
        let mut busy = false;
        for _ in 0..random.usize(1..5) {
            let id = Uuid::from_u128(random.u128(..)).to_string();
            // Nothing binds another program to our spelling where an id is text.
            let id = if !db.is_postgres() && random.u8(..50) == 0 { id.to_uppercase() } else { id };
            let status = match random.u8(..12) {
                0 => "processed",
                1 => "failed",
                2 if !busy => "processing",
                _ => "active",
            };
            busy |= status == "processing";
            // No two at one instant, of which a claim could take either.
            let micros = format!("{:06}Z'", ids.len() % 1_000_000);
            let on = |seconds: i64| at(seconds).replace("000000Z'", &micros);
            let last = match random.u8(..8) {
                0 => "null".to_owned(),
                1 => on(-random.i64(0..900)),
                2 => at(-900),
                _ => on(-random.i64(901..90_000)),
            };
            let ended = match random.u8(..3) {
                0 => "null".to_owned(),
                1 => on(random.i64(1..500)),
                _ => on(-random.i64(1..90_000)),
            };
            let next = match random.u8(..6) {
                0 => on(random.i64(1..5_000)),
                1 => at(0),
                2 => on(-random.i64(1..5_000)),
                _ => "null".to_owned(),
            };
            let attempts = one_of(random, &["0", "0", "0", "1", "2", "3", "4"]);
            let (platform, refusals) = (one_of(random, &["voice", "telegram"]), one_of(random, &["0", "0", "1"]));
            conversations.push(format!(
                "('{id}', '{player}', '{status}', {attempts}, {refusals}, {next}, {last}, '{platform}', {ended}, {0}, {0})",
                at(-100_000)
            ));
            ids.push(id);
        }
    }
    insert(db, "users (id, game_status, onboarding_status)", &players);
    let columns = "id, user_id, status, processing_attempts, refusals, next_attempt_at, last_message_at, platform, ended_at, \
                   started_at, updated_at";
    insert(db, &format!("conversations ({columns})"), &conversations);
    ids
}

/// A player's row that decay looks at: score, watermark, game.
fn charged(db: &Db) -> BTreeMap<String, (i64, String, String)> {
    let rows =
        db.rows("select cast(id as text), relationship_score, decayed_through, cast(game_status as text) from users");
    let read = |row: Vec<String>| {
        let score: f64 = row[1].parse().unwrap_or(-1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a score")]
        let hundredths = (score * 100.0).round() as i64;
        (row[0].clone(), (hundredths, row[2].clone(), row[3].clone()))
    };
    rows.into_iter().map(read).collect()
}

fn generate_players(db: &Db, random: &mut Rng, many: usize) -> Vec<String> {
    let mut players = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..many {
        let id = Uuid::from_u128(random.u128(..)).to_string();
        let id = if !db.is_postgres() && random.u8(..50) == 0 { id.to_uppercase() } else { id };
        let game =
            one_of(random, &["active", "active", "active", "active", "active", "boss_fight", "game_over", "won"]);
        let onboarding = one_of(random, &["completed", "completed", "completed", "skipped", "pending", "in_progress"]);
        let chapter = one_of(random, &["1", "1", "2", "3", "4", "5", "5", "0", "6"]);
        let score = match random.u8(..8) {
            0 => one_of(random, &["0", "0.01", "-1", "100"]).to_owned(),
            1 => format!("0.{:02}", random.u8(..100)),
            _ => format!("{}.{:02}", random.u8(..100), random.u8(..100)),
        };
        let last = match random.u8(..8) {
            0 => "null".to_owned(),
            // Around the end of a grace, and of a step.
            1 | 2 => at(-[8, 16, 24, 48, 72][random.usize(..5)] * HOUR - random.i64(-100..400)),
            3 => at(random.i64(1..HOUR)),
            _ => at(-random.i64(0..200 * HOUR)),
        };
        let through = match random.u8(..6) {
            0 => at(-random.i64(0..300)),
            1 => at(-random.i64(0..200 * HOUR)),
            2 => at(random.i64(0..HOUR)),
            _ => "null".to_owned(),
        };
        players.push(format!("('{id}', '{game}', '{onboarding}', {chapter}, {score}, {last}, {through}, 4711)"));
        ids.push(id);
    }
    insert(
        db,
        "users (id, game_status, onboarding_status, chapter, relationship_score, last_interaction_at, decayed_through, telegram_id)",
        &players,
    );
    ids
}

/// One run of decay after `why` was asked of everybody, and after a dry run; the rules that were met.
fn decay_does_what_why_said(db: &Db, ids: &[String], seconds: i64, batch: Option<&str>) -> BTreeSet<String> {
    let now = time(seconds);
    let mut of_why = vec!["--now", &now];
    let mut of_decay = vec!["decay", "--force", "--now", &now];
    if let Some(batch) = batch {
        of_why.extend(["--decay-batch", batch]);
        of_decay.extend(["--batch", batch]);
    }
    let asked = why(db, ids, &of_why);
    let mut passed_over = counts(asked.values());
    let met = passed_over.keys().cloned().collect();
    passed_over.remove("due");
    let dry: Vec<_> = of_decay.iter().copied().chain(["--dry-run"]).collect();
    check_reasons(&db.run(&dry).code(0).json(), &asked, &passed_over);
    let before = charged(db);
    let done = db.run(&of_decay).code(0).json();
    assert!(done.get("reasons").is_none(), "what was done has no plan: {done}");
    let after = charged(db);
    for (id, entry) in &asked {
        let (before, after) = (&before[id], &after[id]);
        assert_eq!(entry["taken"], before != after, "{entry}: {before:?} then {after:?}");
        let points: f64 = entry["points"].as_str().map_or(0.0, |text| text.parse().expect("points"));
        let taken = (before.0 - after.0) as f64 / 100.0;
        assert!((points - taken).abs() < 1e-9, "{entry}: {before:?} then {after:?}");
        assert_eq!(entry["taken"], rule(entry) == "due", "{entry}");
    }
    met
}

fn all_met(met: &BTreeSet<String>, rules: &[&str]) {
    let missing: Vec<_> = rules.iter().filter(|rule| !met.contains(**rule)).collect();
    assert!(missing.is_empty(), "not met: {missing:?}");
}

on_every_database! {
    fn of_conversations_why_agrees_with_what_the_next_run_does(db) {
        let mut random = chance();
        let ids = generate_conversations(db, &mut random, rows());
        let settings = ["--rollout-percent", "60", "--now", NOW];

        // A run that takes ten: those that `why` names, and no other.
        let asked = why(db, &ids, &settings);
        let run: Vec<_> = ["process-conversations", "--batch", "10", "--concurrency", "10"].into_iter().chain(settings).collect();
        let before = moved(db);
        let dry: Vec<_> = ["process-conversations", "--dry-run"].into_iter().chain(settings).collect();
        let mut passed_over = counts(asked.values());
        let mut met: BTreeSet<_> = passed_over.keys().cloned().collect();
        passed_over.retain(|rule, _| !["due", "behind", "processed", "failed"].contains(&rule.as_str()));
        check_reasons(&db.run(&dry).code(0).json(), &asked, &passed_over);
        assert!([Some(0), Some(3)].contains(&db.run(&run).exit()));
        let after = moved(db);
        for (id, entry) in &asked {
            assert_eq!(entry["taken"], before[id] != after[id], "{entry}");
            assert_eq!(entry["taken"], rule(entry) == "due", "{entry}");
        }

        // A run that takes all: also those that wait for an older one, where it comes to that one.
        let settings = ["--batch", "100000", "--rollout-percent", "60", "--now", NOW];
        let asked = why(db, &ids, &settings);
        met.extend(counts(asked.values()).into_keys());
        let run: Vec<_> = ["process-conversations", "--force"].into_iter().chain(settings).collect();
        let before = moved(db);
        assert!([Some(0), Some(3)].contains(&db.run(&run).exit()));
        let after = moved(db);
        let taken = |id: &str| before[id] != after[id];
        let left: Vec<String> = ids.iter().filter(|id| !taken(id)).cloned().collect();
        for (id, entry) in &asked {
            if rule(entry) == "older_first" {
                let older = entry["held_by"].as_str().unwrap_or_else(|| panic!("by nobody: {entry}"));
                assert!(!taken(id) || taken(older), "before the older one: {entry}");
            } else {
                assert_eq!(entry["taken"], taken(id), "{entry}");
            }
        }
        for entry in why(db, &left, &settings).values() {
            assert_ne!(entry["taken"], true, "it was left: {entry}");
        }
        all_met(&met, &[
            "due", "behind", "processed", "failed", "processing", "not_over", "attempts_used", "pause", "rollout", "player_busy",
            "older_first",
        ]);
    }

    fn of_players_why_agrees_with_what_the_next_decay_does(db) {
        let mut random = chance();
        let ids = generate_players(db, &mut random, rows());
        let mut met = decay_does_what_why_said(db, &ids, 0, Some("5"));
        met.extend(decay_does_what_why_said(db, &ids, 0, None));
        // A decay of another program, half an hour later.
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, completed_at, status) values ('{}', 'decay', {1}, {1}, 'completed')",
            Uuid::from_u128(random.u128(..)),
            at(3570)
        ));
        met.extend(decay_does_what_why_said(db, &ids, 3600, None));
        met.extend(decay_does_what_why_said(db, &ids, 3 * 3600, None));
        all_met(&met, &[
            "due", "behind", "grace", "nothing_owed", "foreign", "unreadable", "introduction", "game_over", "won", "boss_fight",
        ]);
    }

    fn a_player_is_told_of_their_charge_and_of_their_queue(db) {
        let player = Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(db).to_string();
        let alone = &db.run(&["why", &player, "--now", NOW]).code(0).json()["entries"][0];
        assert_eq!((&alone["kind"], &alone["rule"], &alone["taken"]), (&"player".into(), &"due".into(), &true.into()));
        assert_eq!((&alone["points"], &alone["next_conversation"]), (&"1.60".into(), &Value::Null), "{alone}");

        let user = player.parse().unwrap();
        let (older, newer) = (conversation(db, user, -7200, &transcript(&["Hi"])), conversation(db, user, -3600, &transcript(&["Hi"])));
        db.execute(&format!("update conversations set next_attempt_at = {}, processing_attempts = 1 where id = '{older}'", at(60)));
        let next = |said: Value| said["entries"][0]["next_conversation"].clone();
        let held = next(db.run(&["why", &player, "--now", NOW]).code(0).json());
        assert_eq!((&held["conversation_id"], &held["rule"], &held["waiting"]), (&older.to_string().into(), &"pause".into(), &2.into()));
        let after_it = db.run(&["why", &newer.to_string(), "--now", NOW]).code(0).json()["entries"][0].clone();
        assert_eq!((&after_it["rule"], &after_it["held_by"]), (&"older_first".into(), &older.to_string().into()), "{after_it}");
        let due = next(db.run(&["why", &player, "--now", &time(60)]).code(0).json());
        assert_eq!((&due["conversation_id"], &due["taken"]), (&older.to_string().into(), &true.into()), "{due}");

        let table = db.run(&["why", &player, "--format", "human", "--now", NOW]).code(0).stdout();
        assert!(table.contains("the next run of decay charges them") && table.contains("1.60 points"), "{table}");
        assert!(table.contains("of 2 open conversations") && table.contains("(rule: pause)"), "{table}");

        // Inside the grace it says when that is over.
        db.execute(&format!("update users set last_interaction_at = {}", at(-7 * HOUR)));
        let grace = &db.run(&["why", &player, "--now", NOW]).code(0).json()["entries"][0];
        assert_eq!((&grace["rule"], &grace["until"]), (&"grace".into(), &"2026-11-18T13:00:45Z".into()), "{grace}");
    }

    fn an_id_of_neither_or_of_both_is_a_clear_sentence(db) {
        let unknown = Uuid::from_u128(7).to_string();
        let error = db.run(&["why", &unknown]).code(1).json()["error"]["message"].clone();
        assert!(error.as_str().unwrap().contains("neither a conversation nor a player"), "{error}");
        let odd = db.run(&["why", "nobody"]).code(1).json()["error"]["message"].clone();
        assert!(odd.as_str().unwrap().contains("no UUID"), "{odd}");
        let player = Player::default().insert(db);
        db.execute(&format!(
            "insert into conversations (id, user_id, started_at, last_message_at) values ('{player}', '{player}', {0}, {0})",
            at(0)
        ));
        let both = db.run(&["why", &player.to_string()]).code(1).json()["error"]["message"].clone();
        assert!(both.as_str().unwrap().contains("of a conversation and of a player"), "{both}");
    }
}

#[test]
fn an_id_that_is_oddly_spelled_is_found_as_it_stands() {
    let db = Db::sqlite();
    let player = Player::default().insert(&db);
    db.execute(&format!(
        "insert into conversations (id, user_id, started_at, last_message_at) values ('call-7', '{player}', {0}, {0})",
        at(-7200)
    ));
    let found = &db.run(&["why", "call-7", "--now", NOW]).code(0).json()["entries"][0];
    assert_eq!((&found["id"], &found["rule"]), (&"call-7".into(), &"odd_id".into()), "{found}");
}
