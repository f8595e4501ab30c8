//! The quiet drain after the torture, and the check that nothing was lost, done twice or half-written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::plan::Job;
use crate::support::bin::within;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::read_time;

/// How long a step of a hundredth takes at the rate of [`Job::arguments`].
const STEP: TimeDelta = TimeDelta::milliseconds(360);

/// Finishes what is left, without any trouble: the clock of the runs is moved on, so that no pause has to be waited for.
/// Answers when the last decay was.
pub fn drain(db: &Db) -> Result<DateTime<Utc>, String> {
    let last = decay(db)?;
    for round in 1..=15 {
        let now = (Utc::now() + TimeDelta::minutes(6 * round)).to_rfc3339();
        quietly(db, Job::Recover, &["--requeue", "--force", "--now", &now])?;
        quietly(db, Job::Process, &["--force", "--batch", "100000", "--now", &now])?;
        // The last run of each job may have died, and the next one of its job closes it.
        quietly(db, Job::Scan, &["--force", "--now", &now])?;
        if db.rows("select id from conversations where status in ('active', 'processing')").is_empty() {
            return Ok(last);
        }
    }
    Err(format!(
        "not drained: {:?}",
        db.rows(
            "select id, status, processing_attempts, next_attempt_at, last_error from conversations \
            where status in ('active', 'processing')"
        )
    ))
}

/// A decay on the real clock, once the lease of one that was killed has run out.
fn decay(db: &Db) -> Result<DateTime<Utc>, String> {
    let mut result = Value::Null;
    within(Duration::from_secs(30), || {
        result = run(db, Job::Decay, &["--force"]);
        result["exit_code"] != 75
    });
    match result["exit_code"].as_i64() {
        Some(0) => Ok(read_time(result["started_at"].as_str().unwrap_or_default())),
        _ => Err(format!("the last decay: {result}")),
    }
}

fn quietly(db: &Db, job: Job, args: &[&str]) -> Result<(), String> {
    let result = run(db, job, args);
    // 3: a conversation came to its last attempt.
    if [Some(0), Some(3)].contains(&result["exit_code"].as_i64()) {
        Ok(())
    } else {
        Err(format!("in the drain: {result}"))
    }
}

fn run(db: &Db, job: Job, args: &[&str]) -> Value {
    let done = db.command(job.arguments()).args(args).done();
    serde_json::from_str(&done.stdout()).unwrap_or_else(|_| Value::String(done.all()))
}

/// Everything that is wrong in the database, one line each; empty is good.
pub fn judge(db: &Db, last_decay: DateTime<Utc>) -> Vec<String> {
    let mut faults = promises::broken(db);
    let none = [
        (
            "a conversation was closed twice, or left its end again",
            "select conversation, count(*) from torture_moves where became in ('processed', 'failed') or was in ('processed', 'failed') \
             group by conversation having count(*) > 1",
        ),
        (
            "a conversation failed without a reason",
            "select id from conversations where status = 'failed' and coalesce(last_error, '') = ''",
        ),
        ("an execution that was closed was written again", "select * from torture_reclosed"),
        ("an execution was left running", "select id, job_name from job_executions where status = 'running'"),
        ("a lease was left behind", "select lease_key from job_leases"),
        ("a watermark moved back", "select * from torture_backwards"),
        (
            "a conversation was closed unread although the game was on",
            "select c.id from conversations c join users u on u.id = c.user_id where c.status = 'processed' \
             and c.extracted_entities is null and u.game_status not in ('game_over', 'won')",
        ),
        (
            "a day's summary does not count each conversation once",
            "select u.id from users u where (select coalesce(sum(conversations_count), 0) from daily_summaries d where d.user_id = u.id) \
             <> (select count(*) from conversations c where c.user_id = u.id and c.conversation_summary is not null)",
        ),
    ];
    for (what, sql) in none {
        let rows = db.rows(sql);
        if !rows.is_empty() {
            faults.push(format!("{what}: {rows:?}"));
        }
    }
    faults.extend(facts(db));
    faults.extend(scores(db, last_decay));
    faults
}

/// Each message of a processed conversation was a fact: all of them are known, once each, and nothing else is.
fn facts(db: &Db) -> Vec<String> {
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in db.rows("select conversation_id, fact from memory_facts order by fact") {
        known.entry(row[0].clone()).or_default().push(row[1].clone());
    }
    let read = "status = 'processed' and extracted_entities is not null";
    let mut faults = Vec::new();
    for row in db.rows(&format!("select id, messages from conversations where {read}")) {
        let messages: Value = serde_json::from_str(&row[1]).unwrap_or_default();
        let said = messages.as_array().into_iter().flatten().filter_map(|it| it["content"].as_str());
        let expected: BTreeSet<_> = said.map(|it| format!("“{it}”")).collect();
        let found = known.remove(&row[0]).unwrap_or_default();
        if !found.iter().eq(expected.iter()) {
            faults.push(format!("conversation {} said {expected:?}, known is {found:?}", row[0]));
        }
    }
    faults.extend(known.iter().map(|(id, facts)| format!("facts of {id}, which was not processed: {facts:?}")));
    faults
}

/// The independent ledger: what a player began with, what the application added, what was charged.
fn scores(db: &Db, last_decay: DateTime<Utc>) -> Vec<String> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in db.rows("select player, sum(hundredths) from torture_raises group by player") {
        sums.entry(row[0].clone()).or_default().0 = row[1].parse().expect("a sum");
    }
    for row in db.rows("select user_id, event_details ->> 'decay_amount' from score_history where event_type = 'decay'")
    {
        sums.entry(row[0].clone()).or_default().1 += hundredths(&row[1]);
    }
    let returned: BTreeSet<_> = db.rows("select distinct player from torture_returns").into_iter().flatten().collect();
    let mut faults = Vec::new();
    for row in db.rows(
        "select u.id, b.score, u.relationship_score, u.game_status, b.interaction, u.decayed_through \
         from torture_begins b join users u on cast(u.id as text) = b.player",
    ) {
        let [id, began, score, game, interaction, through] = &row[..] else { continue };
        let (raised, charged) = sums.get(id).copied().unwrap_or_default();
        if hundredths(began) + raised - charged != hundredths(score) {
            faults.push(format!(
                "player {id}: began with {began}, raised by {raised}, charged {charged} hundredths, has {score}"
            ));
        }
        // Who was never interrupted owes every step since the end of grace, and has paid each of them once.
        if game != "active" || returned.contains(id) {
            continue;
        }
        let begins = read_time(interaction) + TimeDelta::hours(1);
        let paid_until = begins + STEP * i32::try_from(charged).expect("few");
        let until = if through == "null" { begins } else { read_time(through) };
        if paid_until != until || last_decay - until >= STEP + TimeDelta::milliseconds(1) {
            faults.push(format!(
                "player {id}: {charged} hundredths from {begins}, hence until {paid_until}; the watermark is {through}, the last run was {last_decay}"
            ));
        }
    }
    faults
}

fn hundredths(points: &str) -> i64 {
    let points: f64 = points.parse().expect("points");
    #[expect(clippy::cast_possible_truncation, reason = "a score has few digits")]
    let hundredths = (points * 100.0).round() as i64;
    hundredths
}

/// What the database saw happen, by name.
pub fn witnessed(db: &Db) -> Vec<(&'static str, u64)> {
    let count = |sql: &str| db.value(sql).parse().expect("a count");
    let moves = |which: &str| count(&format!("select count(*) from torture_moves where {which}"));
    vec![
        (
            "dead runs closed",
            count(
                "select count(*) from job_executions where result -> 'error' ->> 'kind' = 'lease_expired' \
            or result ->> 'crash_reason' is not null",
            ),
        ),
        ("by scan-stuck", count("select count(*) from job_executions where result ->> 'crash_reason' is not null")),
        ("recoveries", moves("was = 'processing' and (why like '%Owner is not running%' or why like 'No activity%')")),
        ("provider outages", moves("was = 'processing' and why like '%unavailable%'")),
        ("provider failures", moves("was = 'processing' and why like '%: rehearsed'")),
        ("provider refusals", moves("was = 'processing' and why like '%refuse%'")),
        ("provider hangs", moves("was = 'processing' and why like '%timed out%'")),
        ("releases", moves("was = 'processing' and became = 'active' and why is null")),
        ("processed", moves("became = 'processed'")),
        ("failed", moves("became = 'failed'")),
        ("charges", count("select count(*) from score_history where event_type = 'decay'")),
    ]
}
