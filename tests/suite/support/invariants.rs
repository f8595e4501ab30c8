//! The invariants of spec 02, checked on any database that a test has used.

use super::db::Db;

/// Each query finds the rows that break a rule. `processed_at` is written with the effects, by the fence; one that is processed
/// anew keeps it and them until the new ones take their place.
const RULES: [(&str, &str); 17] = [
    (
        "processing <=> a claim token",
        "select id, status, claim_token from conversations where (status = 'processing') <> (claim_token is not null)",
    ),
    (
        "a conversation is in exactly one of four states",
        "select id, status from conversations where status not in ('active', 'processing', 'processed', 'failed') or status is null",
    ),
    (
        "the effects of a processed conversation are there once: one text and one voice prompt, or none where the game was over",
        "select c.id, count(p.id) from conversations c left join ready_prompts p on p.conversation_id = c.id \
         where c.status = 'processed' group by c.id having count(p.id) not in (0, 2)",
    ),
    (
        "no prompt of a conversation that has never been processed",
        "select p.id from ready_prompts p join conversations c on c.id = p.conversation_id where c.processed_at is null",
    ),
    (
        "no fact of a conversation that has never been processed",
        "select f.id from memory_facts f join conversations c on c.id = f.conversation_id where c.processed_at is null",
    ),
    (
        "no thread of a conversation that has never been processed",
        "select t.id from conversation_threads t join conversations c on c.id = t.source_conversation_id where c.processed_at is null",
    ),
    (
        "a fact is active or superseded by one that exists",
        "select f.id from memory_facts f left join memory_facts n on n.id = f.superseded_by \
         where (not f.is_active) <> (n.id is not null)",
    ),
    (
        "one day of life events for a player and a date",
        "select user_id, event_date from nikita_life_events group by user_id, event_date having count(*) > 5",
    ),
    (
        "score + charged = score before, in every history row of decay",
        "select id from score_history where event_type = 'decay' and abs(cast(score as real) \
         + cast(event_details ->> 'decay_amount' as real) - cast(event_details ->> 'score_before' as real)) > 0.005",
    ),
    (
        "at most one current prompt per player and platform",
        "select user_id, platform from ready_prompts where is_current group by user_id, platform having count(*) > 1",
    ),
    (
        "at most one claimed conversation per player",
        "select user_id from conversations where claim_token is not null group by user_id having count(*) > 1",
    ),
    (
        "at most three attempts, and never fewer than none",
        "select id from conversations where processing_attempts not between 0 and 3",
    ),
    (
        "an execution is closed, or has a live lease's row, or belongs to another program",
        "select e.id from job_executions e left join job_leases l on l.execution_id = e.id \
         where (e.status = 'running') <> (e.completed_at is null) or (e.status <> 'running' and l.execution_id is not null)",
    ),
    (
        "a recovered audit is failed, has an end, and says why once, in its summary and in its log",
        "select audit_id from audit_reports where coalesce(cast(summary as text), '') like '%crash_detected%' \
         and (status <> 'failed' or completed_at is null or length(replace(cast(execution_logs as text), 'Recovery Service', '')) \
              <> length(cast(execution_logs as text)) - length('Recovery Service'))",
    ),
    (
        "no audit is finished and recovered",
        "select audit_id from audit_reports where cast(execution_logs as text) like '%Recovery Service%' \
         and coalesce(cast(summary as text), '') not like '%crash_detected%'",
    ),
    (
        "an audit that has not ended has no end",
        "select audit_id from audit_reports where status in ('pending', 'in_progress') and completed_at is not null",
    ),
    (
        "a recovered audit's owner holds no lease",
        "select a.audit_id from audit_reports a join job_leases l on l.lease_key = 'audit:' || a.audit_id \
         where coalesce(cast(a.summary as text), '') like '%crash_detected%'",
    ),
];

/// Every invariant that is broken, with the rows that break it.
pub fn broken(db: &Db) -> Vec<String> {
    RULES
        .iter()
        .map(|(rule, query)| (rule, db.rows(query)))
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(rule, rows)| format!("{rule}: {rows:?}"))
        .collect()
}

/// Fails with every row that breaks an invariant.
#[track_caller]
pub fn check(db: &Db) {
    let broken = broken(db);
    assert!(broken.is_empty(), "invariants are broken:\n{}", broken.join("\n"));
}
