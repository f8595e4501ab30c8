//! A conversation: by which rule a claim takes it or not, in words.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::span::span;
use crate::domain::result::{WhyEntry, WhyKind, WhyRule};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::claims::Due;
use crate::store::why::WhyConversation;

/// How the next run of `process-conversations` takes conversations.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline {
    /// How long after its last message a conversation is over.
    pub session_timeout: Duration,
    /// The share of players whose conversations are taken, in percent.
    pub rollout: u8,
    /// The most conversations of a run.
    pub batch: i64,
}

impl Pipeline {
    /// What may be claimed.
    pub(super) const fn due(&self, now: DateTime<Utc>) -> Due {
        Due { now, session_timeout: self.session_timeout, rollout: self.rollout }
    }
}

/// Why the next run takes the conversation, or does not; none where there is none with this id.
pub(super) async fn entry(
    settings: &Pipeline,
    due: &Due,
    id: &str,
    store: &Store,
) -> Result<Option<WhyEntry>, RunError> {
    let Some(found) = store.why_conversation(due, id, settings.batch).await? else { return Ok(None) };
    let rule = match WhyRule::of(&found.rule) {
        WhyRule::Due if found.older >= settings.batch => WhyRule::Behind,
        rule => rule,
    };
    Ok(Some(WhyEntry {
        id: id.to_owned(),
        kind: WhyKind::Conversation,
        taken: rule == WhyRule::Due,
        rule,
        reason: words(settings, due, rule, &found),
        until: until(due, rule, &found),
        held_by: found.held_by.filter(|_| matches!(rule, WhyRule::PlayerBusy | WhyRule::OlderFirst)),
        points: None,
        next_conversation: None,
    }))
}

fn until(due: &Due, rule: WhyRule, found: &WhyConversation) -> Option<DateTime<Utc>> {
    match rule {
        WhyRule::Pause => found.next_attempt_at,
        WhyRule::NotOver => found
            .last_message_at?
            .checked_add_signed(TimeDelta::from_std(due.session_timeout).unwrap_or(TimeDelta::MAX)),
        _ => None,
    }
}

fn words(settings: &Pipeline, due: &Due, rule: WhyRule, found: &WhyConversation) -> String {
    let error = found.last_error.as_deref().unwrap_or("no reason is known");
    let other = found.held_by.as_deref().unwrap_or("one that is gone by now");
    match rule {
        WhyRule::Due if found.older == 0 => "It is due, and no other goes before it".to_owned(),
        WhyRule::Due => format!("It is due; in the run {} go before it", found.older),
        WhyRule::Behind => {
            format!("It is due, but a run takes {} (--batch), and as many or more go before it", settings.batch)
        }
        WhyRule::Processed => "It has been processed".to_owned(),
        WhyRule::Failed => format!("It was given up: {error}. `nikita-jobs retry` gives it its attempts back"),
        WhyRule::Processing => {
            "It is being processed; `nikita-jobs recover` gives it back if that run is dead".to_owned()
        }
        WhyRule::OddId => "Its id, or its player's, is no lower-case UUID".to_owned(),
        WhyRule::NotOver if found.last_message_at.is_none() => {
            "Its session is not over: it has no last message, and is no call that has ended".to_owned()
        }
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
        WhyRule::PlayerBusy => format!("Another conversation of its player is being processed: {other}"),
        WhyRule::OlderFirst => format!(
            "An older conversation of its player goes first: {other}. Where that one is processed and the run takes more (--batch), \
             it comes to this one, too"
        ),
        _ => "Its status is not one that a run takes".to_owned(),
    }
}
