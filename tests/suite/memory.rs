//! Memory, from outside: which facts replace which, on every kind of vector column, and what is read to find out.

use std::fmt::Write as _;

use serde_json::json;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, conversation, transcript};

const DIMENSIONS: usize = 1536;

fn process(db: &Db) {
    let done = db.run(&["process-conversations", "--force", "--batch", "100", "--now", NOW]).code(0).json();
    assert_eq!(done["partial"], 0, "{done}");
}

/// A player who says this, and nothing else.
fn say(db: &Db, user: Uuid, hours_ago: i64, words: &[&str]) -> Uuid {
    conversation(db, user, -3600 * hours_ago, &json!([{"role": "user", "content": words.join(" ")}]))
}

/// The stored vector of the one fact that `sentence` makes.
fn vector_of(db: &Db, sentence: &str) -> Vec<f32> {
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
    say(db, user, 2, &[sentence]);
    process(db);
    let vectors = vectors(db, &format!("user_id = '{user}'"));
    assert_eq!(vectors.len(), 1, "{sentence:?} makes one fact");
    vectors.into_iter().next().unwrap()
}

/// The stored vectors, in the order of their facts' texts.
fn vectors(db: &Db, of: &str) -> Vec<Vec<f32>> {
    let column = if db.is_postgres() { "embedding::real[]" } else { "hex(embedding)" };
    let read = |text: &String| {
        if db.is_postgres() {
            return text.trim_matches(['{', '}']).split(',').map(|it| it.parse().unwrap()).collect();
        }
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len())
            .step_by(8)
            .map(|at| f32::from_le_bytes([byte(at), byte(at + 2), byte(at + 4), byte(at + 6)]))
            .collect()
    };
    let rows = db.rows(&format!("select {column} from memory_facts where {of} order by fact, id"));
    rows.iter().map(|row| read(&row[0])).collect()
}

/// A vector as a literal of the database.
fn literal(db: &Db, vector: &[f32]) -> String {
    if db.is_postgres() {
        return format!("'{{{}}}'::real[]", vector.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    }
    let mut hex = String::new();
    for number in vector {
        for byte in number.to_le_bytes() {
            let _ = write!(hex, "{byte:02x}");
        }
    }
    format!("x'{hex}'")
}

/// Plants facts: text, vector, whether active.
fn plant(db: &Db, user: Uuid, facts: &[(String, Vec<f32>, bool)]) {
    let yes = |active: bool| match (active, db.is_postgres()) {
        (active, true) => active.to_string(),
        (active, false) => u8::from(active).to_string(),
    };
    for some in facts.chunks(50) {
        let rows: Vec<_> = some
            .iter()
            .map(|(fact, vector, active)| {
                let id = Uuid::new_v4();
                format!("('{id}', '{user}', 'user', '{fact}', {}, {})", literal(db, vector), yes(*active))
            })
            .collect();
        db.execute(&format!(
            "insert into memory_facts (id, user_id, graph_type, fact, embedding, is_active) values {}",
            rows.join(", ")
        ));
    }
}

/// Numbers that look random: the same for the same seed, between -1 and 1.
fn noise(seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    (0..DIMENSIONS).map(|_| next()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn wide(vector: &[f32]) -> Vec<f64> {
    vector.iter().map(|it| f64::from(*it)).collect()
}

/// A vector whose cosine to `to` is `cosine`, as nearly as `f32` can say it.
#[expect(clippy::cast_possible_truncation, reason = "that is what is stored")]
fn at_cosine(to: &[f32], cosine: f64, seed: u64) -> Vec<f32> {
    let length = dot(&wide(to), &wide(to)).sqrt();
    let to: Vec<f64> = wide(to).iter().map(|it| it / length).collect();
    let noise = noise(seed);
    let along = dot(&noise, &to);
    let across: Vec<f64> = noise.iter().zip(&to).map(|(noise, to)| noise - along * to).collect();
    let length = dot(&across, &across).sqrt();
    let sine = (1.0 - cosine * cosine).sqrt();
    to.iter().zip(&across).map(|(to, across)| (cosine * to + sine * across / length) as f32).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (wide(a), wide(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

on_every_database! {
    /// Steps of 0.000000002 around the border: where a sum of `f32` would be wrong, and the stored numbers are not.
    fn at_the_border_the_exact_cosine_decides(db) {
        let new = vector_of(db, "I work as a nurse in Lisbon.");
        let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
        let old: Vec<_> = (0_u32..41)
            .map(|i| (format!("old fact {i:02}"), at_cosine(&new, 0.87 + (f64::from(i) - 20.0) * 2e-9, 7 + u64::from(i)), true))
            .chain([("inactive".to_owned(), new.clone(), false)])
            .collect();
        plant(db, user, &old);
        let stranger = Player::default().insert(db);
        plant(db, stranger, &[("of somebody else".to_owned(), new.clone(), true)]);
        assert_eq!(vectors(db, &format!("user_id = '{user}' and fact like 'old fact%'")),
            old[..41].iter().map(|(_, vector, _)| vector.clone()).collect::<Vec<_>>(), "stored bit by bit");

        say(db, user, 2, &["I work as a nurse in Lisbon."]);
        process(db);
        let learned = db.value(&format!("select id from memory_facts where user_id = '{user}' and source = 'pipeline_extraction'"));
        let by = |fact: &str| db.value(&format!("select superseded_by from memory_facts where fact = '{fact}'"));
        let mut replaced = 0;
        for (fact, vector, _) in &old[..41] {
            let expected = cosine(vector, &new) >= 0.87;
            replaced += usize::from(expected);
            assert_eq!(by(fact), if expected { learned.as_str() } else { "null" }, "{fact}: {:.12}", cosine(vector, &new));
        }
        assert!((10..=31).contains(&replaced), "{replaced} of 41 are over the border");
        assert_eq!((by("inactive"), by("of somebody else")), ("null".to_owned(), "null".to_owned()));
    }

    /// An approximate index would look at the nearest forty of all players, and find none of this one's.
    fn a_near_duplicate_is_found_among_many_equals_of_others(db) {
        let new = vector_of(db, "I work as a nurse in Lisbon.");
        let others = Player::default().insert(db);
        let crowd: Vec<_> = (0..120).map(|i| (format!("fact {i}"), at_cosine(&new, 0.9999, i), true)).collect();
        plant(db, others, &crowd);
        let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
        plant(db, user, &[("an older version".to_owned(), at_cosine(&new, 0.88, 1), true)]);
        say(db, user, 2, &["I work as a nurse in Lisbon."]);
        process(db);
        assert_ne!(db.value("select superseded_by from memory_facts where fact = 'an older version'"), "null");
        assert_eq!(db.number(&format!("select count(*) from memory_facts where user_id = '{others}' and is_active")), 120.0);
    }
}

/// Sentences that say the same again with a word more or less, in another order, or something else.
const LIFE: [&[&str]; 12] = [
    &["I work as a nurse in Lisbon.", "I love climbing on Sundays."],
    &["I work as a nurse in Lisbon now.", "My sister lives in Porto."],
    &["I have a cat called Miso.", "I love climbing on Sundays with friends."],
    &["I work as a head nurse in Lisbon.", "I have two cats called Miso and Tofu."],
    &["My sister lives in Porto with her dog.", "I am allergic to nuts."],
    &["I live in Lisbon.", "I live in Lisbon near the river."],
    &["I am allergic to nuts and to pollen.", "I love swimming on Sundays."],
    &["I live in Lisbon near the river now.", "I have a cat called Miso."],
    &["I moved to Berlin in May.", "I work as a nurse in Berlin."],
    &["My sister lives in Porto.", "I love climbing on Sundays."],
    &["I work as a nurse in Lisbon.", "I work as a nurse in Lisbon.", "i work as a NURSE in lisbon."],
    &["I hate early mornings.", "I hate early mornings in winter."],
];

/// The same facts in the same order replace each other alike, with the same numbers, whatever the column's type.
#[test]
fn all_databases_remember_alike() {
    let user = Player { id: Uuid::from_u128(7), last_interaction: at(-3600), ..Player::default() };
    let remembered = |db: &Db| {
        user.insert(db);
        for (i, words) in (1_u128..).zip(LIFE) {
            let id = say(db, user.id, 40 - i64::try_from(i).unwrap(), words);
            db.execute(&format!("update conversations set id = '{}' where id = '{id}'", Uuid::from_u128(i)));
        }
        process(db);
        promises::kept(db);
        let yes = if db.is_postgres() { "t" } else { "1" };
        let mut rows = db.rows(
            "select f.id, f.fact, f.graph_type, f.is_active, coalesce(n.fact, '') from memory_facts f \
             left join memory_facts n on n.id = f.superseded_by order by f.id",
        );
        for row in &mut rows {
            row[3] = (row[3] == yes).to_string();
        }
        (rows, vectors(db, "true"))
    };
    let [sqlite, postgres, pgvector] = [Db::sqlite(), Db::postgres(), Db::pgvector()].map(|db| remembered(&db));
    let active = sqlite.0.iter().filter(|row| row[3] == "true").count();
    assert!(sqlite.0.len() >= 20 && (6..sqlite.0.len() - 5).contains(&active), "{active} of {:#?}", sqlite.0);
    assert_eq!(sqlite, postgres);
    assert_eq!(sqlite, pgvector);
}

/// However many facts a conversation brings, the player's active ones are looked through once, and nobody else's.
#[test]
fn a_conversation_reads_the_players_active_facts_once() {
    for db in [Db::postgres(), Db::pgvector()] {
        // Small tables would be read whole.
        db.execute(
            "do $$ begin execute format('alter database %I set enable_seqscan = off', current_database()); \
                    execute format('alter database %I set enable_bitmapscan = off', current_database()); end $$",
        );
        let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(&db);
        let facts = |many: u64, active| -> Vec<_> {
            (0..many).map(|i| (format!("fact {i}"), at_cosine(&[1.0; DIMENSIONS], 0.1, i), active)).collect()
        };
        plant(&db, user, &facts(20, true));
        plant(&db, user, &facts(30, false));
        plant(&db, Player::default().insert(&db), &facts(50, true));
        let reads = || {
            let row = db.rows(
                "select i.idx_scan, i.idx_tup_read, t.seq_scan from pg_stat_user_indexes i \
                 join pg_stat_user_tables t using (relid) where i.indexrelname = 'memory_facts_active'",
            );
            [0, 1, 2].map(|column: usize| row[0][column].parse::<i64>().unwrap())
        };
        let before = reads();
        say(&db, user, 2, LIFE.map(|words| words[0]).as_slice());
        process(&db);
        // One look for the snapshot, one for the similar facts. The server tells when a connection has ended.
        eventually("it is counted", || reads()[0] >= before[0] + 2);
        assert_eq!(reads(), [before[0] + 2, before[1] + 40, before[2]], "{}", db.url);
        assert!(db.number("select count(*) from memory_facts where source = 'pipeline_extraction'") >= 6.0);
    }
}

fn columns_type(db: &Db) -> String {
    db.value(
        "select format_type(atttypid, atttypmod) from pg_attribute \
         where attrelid = to_regclass('memory_facts') and attname = 'embedding'",
    )
}

fn vector_indexes(db: &Db) -> Vec<Vec<String>> {
    db.rows("select indexname from pg_indexes where tablename = 'memory_facts' and indexdef like '%hnsw%'")
}

#[test]
fn the_column_and_its_index_are_what_the_server_has() {
    let (plain, pgvector) = (Db::postgres(), Db::pgvector());
    assert_eq!((columns_type(&plain), columns_type(&pgvector)), ("real[]".into(), "vector(1536)".into()));
    assert!(vector_indexes(&plain).is_empty());
    assert_eq!(vector_indexes(&pgvector), [["memory_facts_embedding"]]);
}

/// As on Supabase: the extension is in a schema that no session looks into.
#[test]
fn pgvector_may_live_in_a_schema_of_its_own() {
    let db = Db::pgvector_empty();
    db.execute("create schema extensions; create extension vector with schema extensions");
    db.run(&["migrate"]).code(0);
    assert_eq!(columns_type(&db), "extensions.vector(1536)");
    assert_eq!(vector_indexes(&db), [["memory_facts_embedding"]]);
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(&db);
    conversation(&db, user, -9000, &transcript(&["I work as a nurse."]));
    conversation(&db, user, -8000, &transcript(&["I work as a nurse now."]));
    process(&db);
    assert_eq!(db.number("select count(*) from memory_facts where is_active"), 1.0);
    promises::kept(&db);
}

/// Making a second one on a table with millions of facts would take an hour and help nobody.
#[test]
fn an_index_that_another_application_has_made_is_enough() {
    let db = Db::pgvector_empty();
    db.execute(
        "create extension vector; create table users (id uuid primary key); \
         create table memory_facts (id uuid primary key default gen_random_uuid(), user_id uuid not null, graph_type text not null, \
             fact text not null, source text not null, confidence real not null, embedding vector(1536) not null, \
             metadata jsonb not null default '{}', is_active boolean not null default true, superseded_by uuid, conversation_id uuid); \
         create index theirs on memory_facts using hnsw (embedding vector_cosine_ops)",
    );
    db.run(&["migrate"]).code(0);
    assert_eq!(vector_indexes(&db), [["theirs"]]);
}
