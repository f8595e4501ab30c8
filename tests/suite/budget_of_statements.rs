//! How much is asked of PostgreSQL, counted and not timed, so that a regression shows on any machine (spec 07). The numbers
//! are the best so far: lower them when they fall, and say why where they rise. SQLite's calls leave no trace outside of the
//! process, and cost no round trip.

use crate::support::JOBS;
use crate::support::counter::{Counter, Counts};
use crate::support::db::Db;
use crate::support::seed::{Player, at, backlog, time};

/// What each of `more` things costs: the difference between a run with few of them and one with so many more.
#[track_caller]
fn each(few: Counts, many: Counts, more: u64) -> (u64, u64) {
    let of = |few: u64, many: u64| {
        assert!(many > few, "{many} after {few}: nothing more was counted");
        // The nearest whole number: what does not come with each of them, such as statements that a second connection
        // prepares, may have come with the few as well as with the many, and is no thing's cost.
        (many - few + more / 2) / more
    };
    (of(few.statements, many.statements), of(few.round_trips, many.round_trips))
}

#[test]
fn a_skipped_run_is_one_statement_in_one_round_trip() {
    let db = Db::postgres();
    let meter = Counter::before(&db);
    for job in JOBS {
        db.run(&[job]).code(0);
        db.command(&[job, "--window", "2h"]).env("DATABASE_URL", &meter.url).done().code(75);
        let one = Counts { connections: 1, statements: 1, round_trips: 1 };
        assert_eq!(meter.take(), one, "{job}");
    }
}

#[test]
fn a_conversation_is_seven_statements_in_seven_round_trips() {
    let db = Db::postgres();
    let meter = Counter::before(&db);
    let counted = |batch: usize| {
        backlog(&db, batch);
        let now = time(0);
        let batch = batch.to_string();
        let args = ["process-conversations", "--now", &now, "--force", "--concurrency", "1", "--batch", &batch];
        let result = db.command(&args).env("DATABASE_URL", &meter.url).done().code(0).json();
        assert_eq!(result["processed"].to_string(), batch, "{result}");
        meter.take()
    };
    // The claim, the conversation, the rest of the snapshot, similar facts; begin, all effects, commit.
    assert_eq!(each(counted(2), counted(22), 20), (7, 7), "statements, round trips");
}

#[test]
fn a_chunk_of_decay_is_three_statements_in_three_round_trips() {
    let db = Db::postgres();
    let meter = Counter::before(&db);
    let counted = |players: usize| {
        for _ in 0..players {
            Player { last_interaction: at(-100 * 3600), ..Player::default() }.insert(&db);
        }
        let now = time(0);
        let args = ["decay", "--now", &now, "--force", "--chunk", "5"];
        let result = db.command(&args).env("DATABASE_URL", &meter.url).done().code(0).json();
        assert_eq!(result["decayed"].to_string(), players.to_string(), "{result}");
        meter.take()
    };
    // The second run looks at the first one's players, too: six chunks after one.
    // Begin, the look at the chunk with its charge, commit.
    assert_eq!(each(counted(5), counted(25), 5), (3, 3), "statements, round trips");
}
