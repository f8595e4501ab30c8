//! Every memory shows its sentence (spec 04): what a model claims was said is looked for, and its share told.

use serde_json::{Value, json};

use super::{entry, process};
use crate::on_every_database;
use crate::support::bin::Done;
use crate::support::db::Db;
use crate::support::model_server::ModelServer;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, conversation};

/// Each speaker twice in a row, so that a quote can run over messages.
fn conversation_of_a_nurse(db: &Db) {
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
    let said = json!([
        {"role": "nikita", "content": "I grew up by the sea. You work too much."},
        {"role": "user", "content": "I work as a\n  nurse in “Lisbon”"},
        {"role": "user", "content": "since last year, ﬁnally"},
        {"role": "user", "content": ""},
        {"role": "nikita", "content": "はい、わかりました"},
        {"role": "user", "content": [{"type": "text", "text": "Я работаю медсестрой. Café\u{a0}Müller is mine, too."}]},
    ]);
    conversation(db, user, -3600, &said);
}

/// What the model claims: the fact, whose it is, its quote, and the message that shows it, if any.
const CLAIMS: [(&str, &str, &str, Option<u64>); 9] = [
    ("They are a nurse in Lisbon.", "user", "i WORK as a nurse in \"lisbon\"", Some(1)),
    ("They have been it for a year.", "personal", "nurse in “Lisbon”\nsince last year, finally", Some(1)),
    ("They speak Russian.", "user", "я РАБОТАЮ медсестрой", Some(4)),
    ("They own a café.", "user", "Cafe\u{301} Mu\u{308}ller is mine", Some(4)),
    ("She understood.", "nikita", "わかりました", Some(3)),
    ("They are a pilot.", "user", "I work as a pilot", None),
    ("They work too much.", "user", "You work too much", None),
    ("They nurse people.", "user", "The player works as a nurse in Lisbon", None),
    ("They have a boat.", "relationship", "", None),
];

fn run(db: &Db, policy: &str) -> Done {
    let server = ModelServer::start();
    let facts = CLAIMS.map(|(fact, kind, quote, _)| json!({"fact": fact, "kind": kind, "quote": quote}));
    server
        .extracts(json!({"facts": facts, "threads": [], "thoughts": [], "summary": "s", "emotional_tone": "neutral"}));
    process(db, &server, "anthropic").env("NIKITA_UNSUPPORTED_FACTS", policy).done().code(0)
}

/// Nine facts, four of them shown by nothing: in the run's result, in its conversation's, in `stats` and on the page.
fn told_everywhere(db: &Db, done: &Done) {
    for result in [done.json(), entry(done)] {
        assert_eq!((&result["facts"], &result["unsupported_facts"]), (&json!(9), &json!(4)), "{result}");
    }
    let stats = db.run(&["stats", "--now", NOW]).code(0).json();
    assert_eq!(stats["facts"], json!({"learned": 9, "unsupported": 4, "unsupported_share": 0.4444}));
    // 1,023 tokens of the conversation, 3 of them from the provider's cache, and 8 of the facts.
    assert_eq!(stats["tokens"], json!({"input": 1031, "cached": 3, "cached_share": 0.0029}));
    let said = db.run(&["stats", "--now", NOW, "--format", "human"]).code(0).stdout();
    assert!(said.contains("9 noted, 4 of them not found in their transcript (44.4 %)"), "{said}");
    assert!(said.contains("3 of them from a cache (0.2 %)"), "{said}");
    let folder = tempfile::TempDir::new().unwrap();
    let page = folder.path().join("page.html");
    db.run(&["report", "--now", NOW, "--output", page.to_str().unwrap()]).code(0);
    let page = std::fs::read_to_string(page).unwrap();
    let tile = page.split("id=\"tile-facts\"").nth(1).expect("the tile");
    let tile = &tile[..tile.find("</div>").unwrap()];
    assert!(tile.contains("55.5 %") && tile.contains("4 of 9"), "{tile}");
}

on_every_database! {
    fn a_claim_is_believed_where_its_words_were_said(db) {
        conversation_of_a_nurse(db);
        let done = run(db, "keep");
        told_everywhere(db, &done);
        let hash = nikita_jobs::core::stages::extraction::instructions_hash();
        for (fact, _, quote, message) in CLAIMS {
            let row = db.rows(&format!("select metadata, confidence from memory_facts where fact = '{fact}'")).remove(0);
            let metadata: Value = serde_json::from_str(&row[0]).unwrap();
            let confidence: f64 = row[1].parse().unwrap();
            let mut expected = json!({"model": "model-1", "instructions": hash});
            match message {
                Some(message) => {
                    expected["message"] = json!(message);
                    expected["quote"] = json!(quote.replace('\n', " "));
                }
                None => expected["supported"] = json!(false),
            }
            assert_eq!(metadata, expected, "{fact}");
            assert!((confidence - if message.is_some() { 0.85 } else { 0.4 }).abs() < 1e-6, "{fact}: {confidence}");
        }
        let prompt = db.value("select prompt_text from ready_prompts where platform = 'text' and is_current");
        let place = |fact: &str| prompt.find(fact).unwrap_or_else(|| panic!("{fact} in {prompt}"));
        // Under their heading, that is.
        let of_the_player = CLAIMS.iter().filter(|it| ["user", "personal"].contains(&it.1));
        let (shown, doubted): (Vec<_>, Vec<_>) = of_the_player.map(|it| (place(it.0), it.3)).partition(|it| it.1.is_some());
        assert!(shown.iter().max() < doubted.iter().min(), "{prompt}");
        promises::kept(db);
    }

    fn what_is_left_out_is_counted_all_the_same(db) {
        conversation_of_a_nurse(db);
        let done = run(db, "drop");
        told_everywhere(db, &done);
        let mut stored = db.rows("select fact from memory_facts").concat();
        let mut shown: Vec<_> = CLAIMS.iter().filter(|it| it.3.is_some()).map(|it| it.0.to_owned()).collect();
        stored.sort_unstable();
        shown.sort_unstable();
        assert_eq!(stored, shown);
        promises::kept(db);
    }
}
