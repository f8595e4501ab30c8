//! The promises of docs/reliability.md on any database that a test has used, looked up by `check` itself.

use serde_json::Value;

use super::db::Db;

/// What `check` answers.
#[track_caller]
pub fn looked_up(db: &Db, args: &[&str]) -> Value {
    db.command(&["check", "--format", "json"]).args(args).done().json()
}

/// Every promise that is broken, with the rows that break it.
#[track_caller]
pub fn broken(db: &Db) -> Vec<String> {
    let result = looked_up(db, &[]);
    let promises = result["promises"].as_array().unwrap_or_else(|| panic!("check has not looked: {result}"));
    let broken = promises.iter().filter(|it| it["rows"].as_array().is_some_and(|rows| !rows.is_empty()));
    broken.map(|it| format!("{}: {}", it["name"], it["rows"])).collect()
}

/// Fails with every row that breaks a promise.
#[track_caller]
pub fn kept(db: &Db) {
    let broken = broken(db);
    assert!(broken.is_empty(), "promises are broken:\n{}", broken.join("\n"));
}
