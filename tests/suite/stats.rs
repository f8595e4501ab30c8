//! `stats`: figures that were added up by hand, and those of real runs.

use serde_json::json;

use crate::contract::has_common_fields;
use crate::on_every_database;
use crate::support::history::{Past, entry, insert};
use crate::support::seed::{NOW, backlog};

on_every_database! {
    fn the_figures_are_those_of_the_runs_in_the_span(db) {
        // Stage times 10, 20, … 200 ms: by nearest rank the median is 100 and p95 is 190.
        let conversations = |from: i64, to: i64| -> Vec<_> {
            (from..=to).map(|i| {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let ms = i as f64 * 10.0;
                let status = if i % 10 == 0 { "failed" } else { "success" };
                entry(status, i * 100, &[("extraction", ms, i % 10 == 0), ("summary", 1.5, false)])
            }).collect()
        };
        insert(db, &[
            Past { began: -60, cost_usd: 0.0102, conversations: conversations(1, 12), ..Past::default() },
            Past { began: -86_399, cost_usd: 0.004, conversations: conversations(13, 20), status: "failed", ..Past::default() },
            // A second too old, and another job.
            Past { began: -86_401, cost_usd: 5.0, conversations: conversations(1, 20), ..Past::default() },
            Past { began: -120, job: "decay", ..Past::default() },
        ]);
        let result = has_common_fields(&db.run(&["stats", "--now", NOW]).code(0), "stats", "ok", 0);
        for (field, value) in [
            ("since", json!("2026-11-17T12:00:00Z")),
            ("total_executions", json!(2)),
            ("success_count", json!(1)),
            ("failure_count", json!({"extraction": 2, "summary": 0})),
            ("avg_duration_ms", json!({"extraction": 105.0, "summary": 1.5})),
            ("p50_duration_ms", json!({"extraction": 100.0, "summary": 1.5})),
            ("p95_duration_ms", json!({"extraction": 190.0, "summary": 1.5})),
            ("max_duration_ms", json!({"extraction": 200.0, "summary": 1.5})),
            ("count", json!({"extraction": 20, "summary": 20})),
            ("slowest_stage", json!("extraction")),
            ("cost_usd", json!("0.0142")),
            ("conversations", json!({"success": 18, "partial_success": 0, "retrying": 0, "failed": 2, "skipped": 0, "released": 0})),
            ("sampled_executions", json!(2)),
            ("sample_is_whole", json!(true)),
        ] {
            assert_eq!(result[field], value, "{field} in {result}");
        }
        assert_eq!(result["jobs"]["decay"]["total"], 1);
        assert_eq!(result["jobs"]["process-conversations"], json!({"total": 2, "completed": 1, "failed": 1, "running": 0, "cost_usd": "0.0142"}));
        let longer = db.run(&["stats", "--now", NOW, "--since", "25h"]).code(0).json();
        assert_eq!((&longer["total_executions"], &longer["cost_usd"]), (&json!(3), &json!("5.0142")));
        let said = db.run(&["stats", "--now", NOW, "--format", "human"]).code(0).stdout();
        for words in ["2 runs of process-conversations, 1 completed", "extraction", "190 ms", "$0.0142"] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }

    fn a_stage_that_failed_in_a_real_run_is_counted(db) {
        backlog(db, 3);
        db.command(&["process-conversations", "--now", NOW]).env("NIKITA_REHEARSE", "touchpoint=fail").done().code(0);
        let result = db.run(&["stats", "--now", NOW]).code(0).json();
        assert_eq!(result["failure_count"]["touchpoint"], 3, "{result}");
        assert_eq!(result["count"].as_object().unwrap().len(), 9, "all stages ran: {result}");
        assert_eq!(result["conversations"]["partial_success"], 3, "{result}");
        let stored = db.value("select count(*) from job_executions where status = 'completed'");
        assert_eq!(result["success_count"].to_string(), stored);
    }

    fn nothing_ran(db) {
        let result = db.run(&["stats", "--since", "1h"]).code(0).json();
        assert_eq!((&result["total_executions"], &result["slowest_stage"], &result["cost_usd"]), (&json!(0), &json!(null), &json!("0.0000")));
        db.run(&["stats", "--since", "soon"]).code(2);
        let done = db.command(&["stats"]).env("NIKITA_STATS_SINCE", "0s").done().code(78);
        assert!(done.error().contains("NIKITA_STATS_SINCE"), "{}", done.error());
    }
}
