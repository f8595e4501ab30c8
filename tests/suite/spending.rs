//! Prices and budgets: settings that are wrong, and what a run costs.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::backlog;

#[test]
fn a_wrong_budget_or_price_file_is_refused_with_its_name() {
    let db = Db::sqlite();
    let folder = TempDir::new().unwrap();
    let prices = folder.path().join("prices.json");
    fs::write(&prices, r#"{"my-model": {"input": "cheap"}}"#).unwrap();
    let prices = prices.display().to_string();
    for (variable, flag, value, said) in [
        ("NIKITA_BUDGET_USD", "--budget-usd", "0", "must be more than zero"),
        ("NIKITA_BUDGET_USD", "--budget-usd", "-1", "must be more than zero"),
        ("NIKITA_BUDGET_USD", "--budget-usd", "a lot", "is not an amount such as 0.50"),
        ("NIKITA_PRICES_FILE", "--prices-file", &prices, "has \"cheap\" as a price of \"my-model\""),
        ("NIKITA_PRICES_FILE", "--prices-file", "/nowhere.json", "can't be read"),
        ("NIKITA_BACKFILL", "--backfill", "some", "is not a whole number from 0 to 100000"),
    ] {
        let error = db.command(&["process-conversations"]).env(variable, value).done().code(78).error();
        assert!(error.contains(variable) && error.contains(said), "{error}");
        let error = db.run(&["process-conversations", flag, value]).code(2).error();
        assert!(error.contains(flag) && error.contains(said), "{error}");
    }
}

on_every_database! {
    fn local_models_cost_nothing_and_keep_within_any_budget(db) {
        backlog(db, 2);
        let result = db.run(&["process-conversations", "--budget-usd", "0.01"]).code(0).json();
        assert_eq!((&result["processed"], &result["cost_usd"]), (&json!(2), &json!("0.0000")));
        assert_eq!((&result["stage_tokens"], &result["unpriced"]), (&json!({}), &json!([])));
        assert_eq!(result["budget_reached"], json!(false));
        assert_eq!(result["conversations"][0]["cost_usd"], "0.000000");
        assert_eq!(db.number("select cost_usd from job_executions"), 0.0);
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0);
    }
}
