//! `failures`, `retry` and `why` for people.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::table::Rows;
use crate::cli::figures::instant;
use crate::cli::figures::{counted, counted_all, name, short, whole};
use crate::core::text::one_line;
use crate::domain::result::{FailuresResult, RetryResult, WhyKind, WhyResult, WhyRule};

/// How much of an error a table shows; `failures --format json` has all of it.
const MOST_CHARS: usize = 200;

pub fn failures(it: &FailuresResult, now: Option<DateTime<Utc>>) -> String {
    if it.groups.is_empty() {
        return "No conversation has failed or is waiting for a retry.".to_owned();
    }
    let groups = Rows::new().header(["failed", "waiting", "error"]).rows(
        it.groups.iter().map(|group| [whole(group.failed), whole(group.waiting), short(&group.error, MOST_CHARS)]),
    );
    let list = Rows::new().header(["conversation", "status", "attempts", "last change", "next attempt", "error"]).rows(
        it.conversations.iter().map(|one| {
            let at = one.updated_at.map_or_else(|| "unknown".to_owned(), |at| instant(at, now));
            let next = one.next_attempt_at.map_or_else(String::new, |at| instant(at, now));
            let error = one.error.as_deref().map(|error| short(error, MOST_CHARS)).unwrap_or_default();
            [name(&one.conversation_id), name(&one.status), one.attempts.to_string(), at, next, error]
        }),
    );
    let (groups, list) = (groups.show(), list.show());
    let be = if it.total == 1 { "is" } else { "are" };
    let mut said =
        format!("{} failed or {be} waiting for a retry\n\n{groups}\n\n{list}", counted(it.total, "conversation"));
    if it.more {
        let _ = write!(said, "\nand more; --rows lists them");
    }
    let _ = write!(said, "\n\nOnce the cause is fixed: nikita-jobs retry --failed");
    said
}

pub fn retry(it: &RetryResult, dry_run: bool) -> String {
    let conversations = counted_all(it.retried, "conversation");
    let mut said = match (dry_run, it.retried) {
        (true, _) => format!("dry run, nothing was written: {conversations} would have all attempts again"),
        (false, 1) => format!("{conversations} has all its attempts again"),
        (false, _) => format!("{conversations} have all their attempts again"),
    };
    for id in &it.conversations {
        let _ = write!(said, "\n  {}", name(id));
    }
    for one in &it.untouched {
        let _ = write!(said, "\n{} is {} and was left alone: {}", one.conversation_id, name(&one.status), one.reason);
    }
    for id in &it.unknown {
        let _ = write!(said, "\nthere is no conversation {id}");
    }
    for one in &it.errors {
        let _ = write!(said, "\n{} not retried: {}", name(&one.conversation_id), one_line(&one.error));
    }
    said
}

pub fn why(it: &WhyResult) -> String {
    let lines = it.entries.iter().map(|entry| {
        let does = match (entry.kind, entry.taken) {
            (WhyKind::Conversation, true) => "the next run takes it",
            (WhyKind::Conversation, false) => "the next run does not take it",
            (WhyKind::Player, true) => "the next run of decay charges them",
            (WhyKind::Player, false) => "the next run of decay does not charge them",
        };
        let head = format!("{} {}: {does}", entry.kind, name(&entry.id));
        let next = entry.next_conversation.as_ref().map_or_else(String::new, |next| {
            let id = name(&next.conversation_id);
            format!(
                "\n  of {}, first {id}: {}",
                counted(next.waiting, "open conversation"),
                ruled(next.rule, &next.reason)
            )
        });
        format!("{head}\n  {}{next}", ruled(entry.rule, &entry.reason))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn ruled(rule: WhyRule, reason: &str) -> String {
    format!("{} (rule: {rule})", one_line(reason))
}
