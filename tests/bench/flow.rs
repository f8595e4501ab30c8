//! process-conversations with local providers: what our walk through nine stages costs next to the database's own work.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::lab::Lab;
use crate::programs::{Used, metered, run};
use crate::table::{Results, median, short};

/// Those that hold what a conversation leaves behind.
pub const TABLES: [&str; 11] = [
    "users",
    "conversations",
    "score_history",
    "daily_summaries",
    "conversation_threads",
    "nikita_thoughts",
    "memory_facts",
    "ready_prompts",
    "nikita_life_events",
    "nikita_emotional_states",
    "scheduled_touchpoints",
];

pub fn measure(lab: &Lab, results: &mut Results) {
    let many = lab.size(2000, 200);
    prepare(lab, "flow_template", many);
    check(lab, results);
    for _ in 0..lab.runs {
        for (id, clients) in [("flow 1", 1), ("flow 10", 10)] {
            lab.progress(&format!("flow: {many} conversations on PostgreSQL, concurrency {clients}"));
            let url = lab.copy("flow", "flow_template");
            let ours = rate(&drain(lab, &url, many, clients), many);
            lab.copy("flow", "flow_template");
            results.pair(id, ours, lab.pgbench("flow", "conversations_folded.sql", clients, many));
        }
    }
    for clients in [1, 4, 10, 32] {
        lab.progress(&format!("flow: the share of the database, concurrency {clients}"));
        shares(lab, results, "PostgreSQL", clients, many, || lab.copy("flow", "flow_template"));
    }
    lab.drop("flow");
    // A commit on SQLite waits for the disk.
    let many = many / 4;
    let (template, _) = prepare_sqlite(lab, "flow_template", many);
    for clients in [1, 4, 10, 32] {
        lab.progress(&format!("flow: {many} conversations on SQLite, concurrency {clients}"));
        shares(lab, results, "SQLite", clients, many, || lab.copy_sqlite("flow", &template).1);
    }
    lab.drop("flow_template");
    lab.remove_sqlite("flow");
    lab.remove_sqlite("flow_template");
}

/// How many conversations are processed for the sample.
const SAMPLES: usize = 20;

/// A database with a backlog of so many, and what one more has left behind as the sample.
pub fn prepare(lab: &Lab, name: &str, many: usize) {
    lab.progress(&format!("a backlog of {many} conversations on PostgreSQL"));
    let url = lab.migrated(name);
    lab.script(name, "conversations_seed.sql", &[("players", &(many + SAMPLES).to_string())]);
    run(&mut lab.nikita(&url, &["process-conversations", "--batch", &SAMPLES.to_string()]), 0);
    lab.script(name, "conversations_sample.sql", &[]);
    lab.sql(name, "vacuum analyze");
}

/// The same on SQLite, without a sample.
pub fn prepare_sqlite(lab: &Lab, name: &str, many: usize) -> (PathBuf, String) {
    let (file, url) = lab.sqlite(name);
    lab.sqlite_script(&file, "conversations_seed_sqlite.sql", &[("players", &many.to_string())]);
    (file, url)
}

/// Both sides leave as many rows behind, or they would not be compared. A player's day and touchpoints are drawn, so that only many
/// conversations come to the same.
fn check(lab: &Lab, results: &mut Results) {
    const MANY: usize = 100;
    let url = lab.copy("flow", "flow_template");
    let counts = || -> BTreeMap<&str, i64> {
        let count =
            |table: &&'static str| lab.sql("flow", &format!("select count(*) from {table}")).parse().expect("a count");
        TABLES.iter().map(|table| (*table, count(table))).collect()
    };
    let ended = || lab.sql("flow", "select count(*) from conversations where status = 'processed'");
    let (begin, first) = (counts(), ended());
    drain(lab, &url, MANY, 1);
    let (middle, second) = (counts(), ended());
    lab.pgbench("flow", "conversations_folded.sql", 1, MANY);
    let (end, third) = (counts(), ended());
    let number = |text: &str| text.parse::<usize>().expect("a count");
    assert_eq!(
        (number(&second) - number(&first), number(&third) - number(&second)),
        (MANY, MANY),
        "processed by each side"
    );
    let (mut all_ours, mut all_theirs) = (0, 0);
    for table in TABLES {
        let (ours, theirs) = (middle[table] - begin[table], end[table] - middle[table]);
        let line = vec![table.to_owned(), ours.to_string(), theirs.to_string()];
        results.figure("Rows that 100 conversations leave behind", &["table", "ours", "the folded statement"], line);
        all_ours += ours;
        all_theirs += theirs;
    }
    // By a twentieth at most.
    assert!((all_ours - all_theirs).abs() * 20 <= all_ours, "{all_ours} rows of ours, {all_theirs} of theirs");
}

/// Processes so many, and makes sure of it.
pub fn drain(lab: &Lab, url: &str, many: usize, concurrency: usize) -> Used {
    let (batch, concurrency) = (many.to_string(), concurrency.to_string());
    let arguments =
        ["process-conversations", "--force", "--batch", &batch, "--concurrency", &concurrency, "--backfill", "0"];
    let used = metered(&lab.nikita(url, &arguments), 0, &lab.work);
    let result: serde_json::Value = serde_json::from_str(&used.ran.stdout).expect("a result");
    assert_eq!(result["processed"], many, "processed of {many}: {}", used.ran.stderr);
    used
}

/// Conversations a second, the start of the process included.
pub fn rate(used: &Used, many: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let many = many as f64;
    many / used.ran.seconds
}

const HEAD: &[&str] = &[
    "database",
    "concurrency",
    "conversations/s",
    "our processor time, ms each",
    "the server's, ms each",
    "processors busy",
];

fn shares(
    lab: &Lab,
    results: &mut Results,
    database: &'static str,
    concurrency: usize,
    many: usize,
    fresh: impl Fn() -> String,
) {
    let (mut rates, mut ours, mut servers, mut busy) = (vec![], vec![], vec![], vec![]);
    for _ in 0..lab.runs.min(3) {
        let url = fresh();
        let before = lab.server_cpu();
        let used = drain(lab, &url, many, concurrency);
        let server = if url.starts_with("sqlite:") { 0.0 } else { lab.server_cpu() - before };
        let each = rate(&used, many) * used.ran.seconds / 1000.0;
        rates.push(rate(&used, many));
        ours.push(used.cpu / each);
        servers.push(server / each);
        busy.push((used.cpu + server) / used.ran.seconds);
    }
    let server = if database == "SQLite" { "in ours".to_owned() } else { short(median(&servers)) };
    let line = [
        database.to_owned(),
        concurrency.to_string(),
        short(median(&rates)),
        short(median(&ours)),
        server,
        short(median(&busy)),
    ];
    results.figure("Conversations a second, and whose time it is (medians of three)", HEAD, line.to_vec());
}
