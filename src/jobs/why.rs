//! `why`: whether the next run takes a conversation, and the rule that decides it (spec 06). SQL decides, with the conditions of the
//! claim itself; this file words the rule.

use std::time::Duration;

use super::look::Look;
use crate::core::span::span;
use crate::domain::ids::ConversationId;
use crate::domain::result::{Reason, WhyEntry, WhyKind, WhyResult, WhyRule};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::claims::Due;
use crate::store::failures::{PassedOver, WhyConversation};

/// The settings of the next run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long after its last message a conversation is over.
    pub session_timeout: Duration,
    /// The share of players whose conversations are processed, in percent.
    pub rollout: u8,
    /// The most conversations per run.
    pub batch: i64,
}

/// How many ids a dry run lists for each rule.
const MOST_LISTED: i64 = 20;

/// Runs the command.
///
/// # Errors
/// [`RunError::Failed`] if there is no such conversation.
pub async fn query(settings: &Settings, ids: &[ConversationId], store: &Store) -> Result<Look, RunError> {
    let due = Due { now: store.now().await?, session_timeout: settings.session_timeout, rollout: settings.rollout };
    let mut entries = Vec::new();
    for id in ids {
        let Some(found) = store.why_conversation(&due, *id, settings.batch).await? else {
            return Err(RunError::Failed(format!("there is no conversation {id}")));
        };
        entries.push(entry(settings, &due, *id, &found));
    }
    Ok(Look::ok(WhyResult { entries }))
}

fn entry(settings: &Settings, due: &Due, id: ConversationId, found: &WhyConversation) -> WhyEntry {
    let rule = match WhyRule::of(&found.rule) {
        WhyRule::Due if found.older >= settings.batch => WhyRule::Behind,
        rule => rule,
    };
    let reason = words(settings, due, rule, found);
    WhyEntry { id: id.to_string(), kind: WhyKind::Conversation, taken: rule == WhyRule::Due, rule, reason }
}

fn words(settings: &Settings, due: &Due, rule: WhyRule, found: &WhyConversation) -> String {
    let error = found.last_error.as_deref().unwrap_or("no reason is known");
    match rule {
        WhyRule::Due => format!("It is due; {} older ones go before it", found.older),
        WhyRule::Behind => {
            format!("It is due, but a run takes {} and at least as many are older (--batch)", settings.batch)
        }
        WhyRule::Processed => "It has been processed".to_owned(),
        WhyRule::Failed => format!("It was given up: {error}. `nikita-jobs retry` gives it its attempts back"),
        WhyRule::Processing => {
            "It is being processed; `nikita-jobs recover` gives it back if that run is dead".to_owned()
        }
        WhyRule::OddId => "Its id, or its player's, is no lower-case UUID".to_owned(),
        WhyRule::NotOver => format!(
            "Its session is not over: the last message is younger than --session-timeout ({})",
            humantime::format_duration(settings.session_timeout)
        ),
        WhyRule::AttemptsUsed => format!("It has used its {} attempts: {error}", found.attempts),
        WhyRule::Pause => {
            let wait = found.next_attempt_at.map_or(0, |at| (at - due.now).num_seconds().max(0));
            format!("It waits {} for its next attempt, after: {error}", span(wait))
        }
        WhyRule::Rollout => format!("Its player is not in the {} % of the rollout", settings.rollout),
        WhyRule::PlayerBusy => "Another conversation of its player is being processed".to_owned(),
        WhyRule::OlderFirst => "An older conversation of its player goes first".to_owned(),
        _ => "Its status is not one that a run takes".to_owned(),
    }
}

/// A dry run's `reasons`: what a run would pass over, by rule.
pub async fn reasons(due: &Due, store: &Store) -> Result<Vec<Reason>, RunError> {
    let mut reasons: Vec<Reason> = Vec::new();
    for PassedOver { rule, id, many } in store.passed_over(due, MOST_LISTED).await? {
        let rule = WhyRule::of(&rule);
        match reasons.last_mut().filter(|last| last.rule == rule) {
            Some(last) => last.first.push(id),
            None => reasons.push(Reason { rule, count: many, first: vec![id] }),
        }
    }
    Ok(reasons)
}
