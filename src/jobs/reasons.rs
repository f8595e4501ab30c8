//! A dry run's `reasons`: what a run would pass over, by rule (spec 06). The rule comes from the SQL that decides.

use crate::domain::result::{Reason, WhyRule};
use crate::store::why::PassedOver;

/// How many ids are listed of each rule.
pub const MOST_LISTED: i64 = 20;

/// Puts together what one rule passes over; the rows of a rule follow each other.
#[must_use]
pub fn by_rule(rows: Vec<PassedOver>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for PassedOver { rule, id, many } in rows {
        let rule = WhyRule::of(&rule);
        match reasons.last_mut().filter(|last| last.rule == rule) {
            Some(last) => last.first.push(id),
            None => reasons.push(Reason { rule, count: many, first: vec![id] }),
        }
    }
    reasons
}
