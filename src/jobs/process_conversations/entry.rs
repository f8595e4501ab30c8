//! A conversation's entry in the result, with what the run needs besides it.

use super::bill::Bill;
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::domain::result::{ConversationEntry, EntryStatus};
use crate::run::error::RunError;
use crate::store::StoreError;

/// Why a provider did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was unavailable.
    Unavailable,
    /// It refused this conversation, but answers others.
    Refused,
}

/// A conversation's entry in the result, with what the run needs besides it.
#[derive(Debug)]
pub struct Entry {
    /// The entry in the result.
    pub shown: ConversationEntry,
    /// The tokens and cost of its model calls.
    pub bill: Bill,
    /// The error that should stop the run.
    pub stop: Option<RunError>,
    /// Why a provider did not answer, if that was the cause.
    pub unanswered: Option<Unanswered>,
    /// Whether the claim was lost, so that nothing was written.
    pub lost: bool,
    /// Whether it met a bug of ours.
    pub bug: bool,
    /// The failed statement and its error, if only another conversation can show whether the server is the cause. It is still claimed.
    pub unclear: Option<(Statement, StoreError)>,
    /// Whether the database refuses to close it, so that it stays in `processing`.
    pub stays: bool,
}

/// A statement of a conversation, which can work for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A question of its pipeline.
    Question,
    /// What takes it out of `processing`.
    Close,
}

impl Entry {
    /// A conversation that ended so.
    pub fn new(claim: &Claim, status: EntryStatus) -> Self {
        Self::of(claim.conversation, status)
    }

    fn of(conversation: ConversationId, status: EntryStatus) -> Self {
        Self {
            shown: ConversationEntry::new(conversation, status),
            bill: Bill::default(),
            stop: None,
            unanswered: None,
            lost: false,
            bug: false,
            unclear: None,
            stays: false,
        }
    }

    /// Adds the cost.
    pub fn billed(mut self, bill: Bill) -> Self {
        self.shown.cost_usd = bill.unpriced.is_empty().then(|| bill.exact());
        Self { bill, ..self }
    }

    /// Adds the error.
    pub fn because(mut self, error: String) -> Self {
        self.shown.error = Some(error);
        self
    }

    /// Adds the reason as a keyword.
    pub const fn for_reason(mut self, reason: &'static str) -> Self {
        self.shown.reason = Some(reason);
        self
    }

    /// Adds the error that stops the run, unless there is one already. No other conversation need be asked then.
    pub fn stopping(mut self, error: impl Into<RunError>) -> Self {
        self.stop = self.stop.or_else(|| Some(error.into()));
        match self.unclear.take() {
            Some((_, unclear)) => self.not_closed(&unclear),
            None => self,
        }
    }

    /// Says that it could not be closed.
    pub fn not_closed(self, error: &StoreError) -> Self {
        let before = self.shown.error.as_deref().map(|why| format!("{why}; ")).unwrap_or_default();
        self.because(format!("{before}still in processing until `recover` runs: {error}"))
    }

    /// The database refuses to close just this conversation. It keeps its attempt, and the others go on.
    pub fn staying(self, error: &StoreError) -> Self {
        let mut entry = self.not_closed(error).for_reason("database");
        entry.shown.status = EntryStatus::Failed;
        Self { stays: true, unclear: None, ..entry }
    }

    /// Whether its questions to the database were answered: it was committed, and its new facts were compared with those before.
    pub const fn was_answered(&self) -> bool {
        self.is_committed() && self.shown.memory.facts > 0
    }

    /// Whether its effects are in the database.
    pub const fn is_committed(&self) -> bool {
        matches!(self.shown.status, EntryStatus::Success | EntryStatus::PartialSuccess | EntryStatus::Skipped)
    }

    /// A conversation that failed before its pipeline began.
    pub fn failed(claim: &Claim, error: String) -> Self {
        Self::new(claim, EntryStatus::Failed).because(error).for_reason("gone")
    }

    /// A conversation whose commit's response was lost, and whose row shows that it was committed.
    pub fn committed(claim: &Claim) -> Self {
        Self::new(claim, EntryStatus::Success)
    }

    /// A conversation whose fate is unknown.
    pub fn unknown(claim: &Claim, why: &str) -> Self {
        let error = format!("it is unknown whether this was committed: {why}");
        Self::new(claim, EntryStatus::Unknown).because(error).for_reason("unknown")
    }

    /// A conversation that was released before its pipeline began.
    pub fn never_begun(conversation: ConversationId) -> Self {
        let why = "given back with its attempt before it was begun".to_owned();
        Self::of(conversation, EntryStatus::Released).because(why).for_reason("released")
    }

    /// A conversation that the database does not let us claim.
    pub fn not_claimed(conversation: ConversationId, error: &StoreError) -> Self {
        Self::of(conversation, EntryStatus::Failed).because(format!("not claimed: {error}")).for_reason("database")
    }

    /// A conversation that was given back.
    pub fn released(claim: &Claim, why: &str) -> Self {
        Self::new(claim, EntryStatus::Released).because(why.to_owned()).for_reason("released")
    }
}
