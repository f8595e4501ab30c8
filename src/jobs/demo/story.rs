//! The demo's result.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::setup::{Demo, Runs};
use crate::core::decay::Rules;
use crate::core::stages::StageName;
use crate::domain::points::Points;
use crate::domain::result::{Charged, DemoResult, JobResult, Known, Limits, Next, Own, Planted, Spared, Timing};
use crate::jobs::process_conversations::timing;
use crate::run::error::RunError;
use crate::store::demo::look::AfterDecay;

/// How many players' memories the result shows, besides the player with the hottest conflict.
const MOST_KNOWN: usize = 2;

/// Makes the result once all runs have ended.
pub(super) async fn tell(
    demo: &Demo<'_>,
    now: DateTime<Utc>,
    planted: Planted,
    players: &[AfterDecay],
    runs: Runs,
) -> Result<DemoResult, RunError> {
    let rules = &demo.decay.rules;
    let known = choose(demo.store.known().await?);
    let prompts = match known.first() {
        Some(first) => demo.store.current_prompts(first.user_id).await?,
        None => Vec::new(),
    };
    let database = demo.path.display().to_string();
    Ok(DemoResult {
        database_url: format!("sqlite:{database}"),
        next: next(&demo.program, &database),
        database,
        replaced_earlier_demo: demo.replaced,
        planted,
        limits: Limits { points: rules.most_per_run.to_string(), conversations: demo.process.batch },
        decay: ran(runs.decay)?,
        recover: ran(runs.recover)?,
        scan_stuck: ran(runs.scan)?,
        charged: players.iter().filter_map(|it| charged(it, rules, now)).collect(),
        spared: players.iter().filter_map(|it| spared(it, rules, now)).collect(),
        stage_timings: stage_timings(&runs.process),
        runs: runs.process,
        given_up: demo.store.given_up().await?,
        sums: demo.store.demo_sums().await?,
        known,
        prompts,
        touchpoints: demo.store.scheduled_touchpoints().await?,
    })
}

fn ran(result: Option<JobResult>) -> Result<JobResult, RunError> {
    result.ok_or_else(|| RunError::Bug("the demo reports a run that did not take place".to_owned()))
}

fn charged(player: &AfterDecay, rules: &Rules, now: DateTime<Utc>) -> Option<Charged> {
    let (before, amount) = player.charge?;
    let mut notes = Vec::new();
    let mut note = |is: bool, text: &str| {
        if is {
            notes.push(text.to_owned());
        }
    };
    note(player.last_interaction_at.is_none(), "never wrote");
    note(amount == rules.most_per_run, "at the cap");
    note(player.warned, "warned");
    note(player.lost && player.goodbye, "game over, goodbye queued");
    note(player.lost && !player.goodbye, "game over, no goodbye");
    Some(Charged {
        player: player.name.clone(),
        chapter: player.chapter,
        inactive_seconds: player.last_interaction_at.map(|at| (now - at).num_seconds()),
        before: before.to_string(),
        charged: amount.to_string(),
        after: (before - amount).to_string(),
        notes,
    })
}

fn spared(player: &AfterDecay, rules: &Rules, now: DateTime<Utc>) -> Option<Spared> {
    if player.charge.is_some() {
        return None;
    }
    let reason = match (player.game_status.as_str(), player.onboarding_status.as_str()) {
        ("boss_fight", _) => "in a boss fight: decay pauses",
        ("game_over" | "won", _) => "the game is already over",
        (_, "pending" | "in_progress") => "still in onboarding",
        _ if player.score == Points::ZERO => "no points left",
        _ if past_grace(player, rules, now)? < TimeDelta::zero() => "within the grace period of their chapter",
        // Less than a hundredth of a point is due; it carries over.
        _ => "exactly at the end of the grace period",
    };
    Some(Spared { player: player.name.clone(), reason: reason.to_owned() })
}

fn past_grace(player: &AfterDecay, rules: &Rules, now: DateTime<Utc>) -> Option<TimeDelta> {
    let chapter = usize::try_from(player.chapter).ok()?.checked_sub(1)?;
    Some(now - player.last_interaction_at? - rules.chapters.get(chapter)?.grace)
}

/// The first players, who have the most memories, and of the others the one with the hottest conflict.
fn choose(mut known: Vec<Known>) -> Vec<Known> {
    let others = known.split_off(known.len().min(MOST_KNOWN));
    known.extend(others.into_iter().max_by(|a, b| a.temperature.total_cmp(&b.temperature)));
    known
}

/// Each stage's times over all runs, from the entries of the conversations.
fn stage_timings(runs: &[JobResult]) -> BTreeMap<StageName, Timing> {
    let mut times: BTreeMap<StageName, Vec<f64>> = BTreeMap::new();
    for run in runs {
        let Own::Process(done) = &run.own else { continue };
        for (stage, result) in done.conversations.iter().flat_map(|entry| &entry.stage_results) {
            times.entry(*stage).or_default().push(result.duration_ms);
        }
    }
    times.into_iter().map(|(stage, times)| (stage, timing(times))).collect()
}

fn next(program: &str, database: &str) -> Vec<Next> {
    let program = shell_word(program);
    let on = "--database-url \"sqlite:$DB\"";
    let next = |what: &str, command: String| Next { what: what.to_owned(), command };
    vec![
        next("name the database once, for the commands below", format!("DB={}", shell_word(database))),
        next(
            "see what decay would charge by now: only the time since its last run",
            format!("{program} decay {on} --dry-run"),
        ),
        next(
            "process the conversations that are still in progress, as if they were over",
            format!("{program} process-conversations {on} --session-timeout 1s --force"),
        ),
        next(
            "read what she remembers (1), and what has been replaced (0)",
            "sqlite3 \"$DB\" 'select name, is_active, fact from memory_facts join demo_players using (user_id)'"
                .to_owned(),
        ),
        next(
            "read a whole prompt",
            "sqlite3 \"$DB\" 'select prompt_text from ready_prompts where is_current limit 1'".to_owned(),
        ),
        next(
            "see every run that was made",
            "sqlite3 -header \"$DB\" 'select job_name, status, duration_ms, started_at from job_executions'".to_owned(),
        ),
        next("see whether the schema is this program's", format!("{program} migrate {on} --plan")),
    ]
}

/// Quotes a text as one word for a POSIX shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("/a/demo.sqlite"), "/a/demo.sqlite");
        assert_eq!(shell_word("/a b/it's $x"), r"'/a b/it'\''s $x'");
        assert_eq!(shell_word(""), "''");
    }
}
