//! `failures`, `retry` and `why` for a person.

use std::fmt::Write as _;

use super::table::Rows;
use crate::cli::figures::{name, whole};
use crate::core::text::{first_chars, one_line};
use crate::domain::result::{FailuresResult, RetryResult, WhyResult};

pub fn failures(it: &FailuresResult) -> String {
    if it.groups.is_empty() {
        return "No conversation failed, and none waits after a failure.".to_owned();
    }
    let short = |text: &str| first_chars(&one_line(text), 100).to_owned();
    let groups = Rows::new()
        .header(["failed", "waiting", "error"])
        .rows(it.groups.iter().map(|group| [whole(group.failed), whole(group.waiting), short(&group.error)]));
    let list = Rows::new().header(["conversation", "status", "tried", "last moved", "error"]).rows(
        it.conversations.iter().map(|one| {
            let at =
                one.updated_at.map_or_else(|| "unknown".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
            let error = one.error.as_deref().map(short).unwrap_or_default();
            [name(&one.conversation_id), name(&one.status), one.attempts.to_string(), at, error]
        }),
    );
    let (groups, list) = (groups.show(), list.show());
    let mut said = format!("{} conversations\n\n{groups}\n\n{list}", whole(it.total));
    if it.more {
        let _ = write!(said, "\nand more; --rows lists them");
    }
    let _ = write!(said, "\n\nOnce the cause is mended: nikita-jobs retry --failed");
    said
}

pub fn retry(it: &RetryResult) -> String {
    let mut said = format!("{} conversations have all their attempts again", it.retried);
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
    let line = |taken: bool| if taken { "the next run takes it" } else { "the next run does not take it" };
    let lines = it.entries.iter().map(|entry| {
        format!("{} {}: {}\n  {} ({})", entry.kind, entry.id, line(entry.taken), one_line(&entry.reason), entry.rule)
    });
    lines.collect::<Vec<_>>().join("\n")
}
