//! Facts that were stored without a vector get it at the end of a later run.

use serde_json::json;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{Player, at};

fn fact(db: &Db, user: Uuid, age: i64, text: &str) -> Uuid {
    let id = Uuid::new_v4();
    db.execute(&format!(
        "insert into memory_facts (id, user_id, graph_type, fact, created_at) values ('{id}', '{user}', 'user', '{text}', {})",
        at(-age)
    ));
    id
}

fn run(db: &Db, args: &[&str]) -> serde_json::Value {
    db.command(&["process-conversations", "--force"]).args(args).done().code(0).json()
}

fn waiting(db: &Db) -> f64 {
    db.number("select count(*) from memory_facts where embedding is null")
}

fn successor(db: &Db, id: Uuid) -> String {
    db.value(&format!("select superseded_by from memory_facts where id = '{id}'"))
}

on_every_database! {
    fn late_facts_get_their_vector_and_the_newer_of_two_duplicates_stays(db) {
        let (user, other) = (Player::default().insert(db), Player::default().insert(db));
        let oldest = fact(db, user, 30, "I work as a nurse.");
        let newer = fact(db, user, 20, "I work as a nurse now.");
        let alone = fact(db, user, 10, "I have two cats and a garden.");
        let elsewhere = fact(db, other, 5, "I work as a nurse.");
        let retired = fact(db, user, 40, "I live in Porto.");
        let inactive = if db.is_postgres() { "false" } else { "0" };
        db.execute(&format!("update memory_facts set is_active = {inactive}, superseded_by = '{alone}' where id = '{retired}'"));
        let blank = fact(db, user, 50, "  ");
        assert_eq!(run(db, &[])["embedded"], 4);
        assert_eq!(successor(db, oldest), newer.to_string());
        assert_eq!([newer, alone, elsewhere, blank].map(|id| successor(db, id)), ["null"; 4]);
        assert_eq!(waiting(db), 2.0, "the retired one and the blank one");
        // A later one is compared with what has a vector by now, and one that was overtaken goes.
        let newest = fact(db, user, 1, "I work as a nurse, now.");
        let overtaken = fact(db, user, 60, "I have two cats and a garden");
        assert_eq!(run(db, &[])["embedded"], 2);
        assert_eq!((successor(db, newer), successor(db, newest)), (newest.to_string(), "null".to_owned()));
        assert_eq!((successor(db, overtaken), successor(db, alone)), (alone.to_string(), "null".to_owned()));
        assert_eq!(run(db, &[])["embedded"], 0);
        promises::kept(db);
    }

    fn a_run_embeds_the_oldest_and_no_more_than_it_is_told(db) {
        let user = Player::default().insert(db);
        let facts: Vec<_> = ["I love chess.", "I have a dog.", "I was born in May."].iter().zip(1..)
            .map(|(text, age)| fact(db, user, age, text)).collect();
        assert_eq!(run(db, &["--backfill", "0"])["embedded"], 0);
        assert_eq!(run(db, &["--backfill", "2"])["embedded"], 2);
        assert_eq!(db.value("select id from memory_facts where embedding is null"), facts[0].to_string());
    }
}

/// Another application's table, in which a fact without a vector can't be: nothing to do, and nothing breaks.
#[test]
fn a_table_that_wants_every_vector_is_no_trouble() {
    let db = Db::postgres();
    db.execute("alter table memory_facts alter column embedding set not null");
    assert_eq!(run(&db, &[])["embedded"], json!(0));
}
