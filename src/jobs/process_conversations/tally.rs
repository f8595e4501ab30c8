//! Adds up the outcomes of a run's conversations.

use std::collections::BTreeMap;

use super::bill::Bill;
use super::entry::{Entry, Unanswered};
use crate::core::stages::StageName;
use crate::domain::exit::Exit;
use crate::domain::result::{
    ConversationEntry, EntryStatus, ErrorBody, ErrorKind, Learnt, MemoryFigures, ProcessResult, StageErrors, Timing,
};
use crate::run::lifecycle::Report;

/// How many entries a result lists, so that a run over ten thousand conversations does not store ten megabytes. `health` reads as many.
const MOST_LISTED: usize = 500;

/// After this many refused conversations in a run, and none processed, the run stops claiming (spec 05).
const MOST_REFUSED: usize = 5;

/// The sums of a run.
#[derive(Debug, Default)]
pub struct Tally {
    processed: usize,
    partial: usize,
    skipped: usize,
    retrying: usize,
    failed: usize,
    released: usize,
    unknown: usize,
    outages: usize,
    /// Conversations that a provider refused although it answers harmless requests.
    pub refused: usize,
    memory: MemoryFigures,
    lost: usize,
    bugs: usize,
    errors: BTreeMap<StageName, StageErrors>,
    timings: BTreeMap<StageName, Vec<f64>>,
    entries: Vec<ConversationEntry>,
    unlisted: usize,
    /// The cost so far.
    pub bill: Bill,
    /// Whether the language model's open circuit keeps due conversations from being processed.
    pub circuit_open: bool,
    /// Whether the budget keeps due conversations from being processed.
    pub budget_reached: bool,
    /// How many stored facts got their vector in this run.
    pub embedded: u64,
    /// How many stored facts have a text that can't be embedded.
    pub set_aside: usize,
    /// Where servers needed other than the usual requests.
    pub learnt: Vec<Learnt>,
}

impl Tally {
    /// Adds a conversation.
    pub fn add(&mut self, entry: &Entry) {
        let shown = &entry.shown;
        match shown.status {
            EntryStatus::Success => self.processed += 1,
            EntryStatus::PartialSuccess => {
                self.processed += 1;
                self.partial += 1;
            }
            EntryStatus::Skipped => {
                self.processed += 1;
                self.skipped += 1;
            }
            EntryStatus::Retrying => self.retrying += 1,
            EntryStatus::Failed => self.failed += 1,
            EntryStatus::Released => self.released += 1,
            EntryStatus::Unknown => self.unknown += 1,
        }
        self.outages += usize::from(entry.unanswered == Some(Unanswered::Unavailable));
        self.refused += usize::from(entry.unanswered == Some(Unanswered::Refused));
        self.memory.add(shown.memory);
        self.lost += usize::from(entry.lost);
        self.bugs += usize::from(entry.bug);
        for (name, stage) in &shown.stage_results {
            self.timings.entry(*name).or_default().push(stage.duration_ms);
            if let Some(error) = &stage.error {
                let errors = self.errors.entry(*name).or_default();
                errors.count += 1;
                errors.last.clone_from(error);
            }
        }
        self.charge(&entry.bill);
        if self.entries.len() < MOST_LISTED {
            self.entries.push(shown.clone());
        } else {
            self.unlisted += 1;
        }
    }

    /// Whether anything failed, so that the response to a claim can have been lost.
    pub const fn is_troubled(&self) -> bool {
        self.bugs + self.unknown + self.lost + self.failed + self.outages + self.retrying > 0
    }

    /// Adds to the cost.
    pub fn charge(&mut self, bill: &Bill) {
        if self.bill.uncounted == 0 && bill.uncounted > 0 {
            tracing::warn!(
                "a reply does not report its tokens; it counts as the most expensive reply of this run that does"
            );
        }
        for model in self.bill.add(bill) {
            tracing::warn!(
                model,
                "this model has no price, so its tokens count as free; NIKITA_PRICES_FILE can add one"
            );
        }
    }

    /// Whether so many conversations were refused, and none processed, that they can't be the cause.
    pub const fn only_refusals(&self) -> bool {
        self.refused >= MOST_REFUSED && self.processed == 0
    }

    /// The job's fields and its exit code.
    pub fn report(self, detected: usize, deferred: usize) -> Report {
        let (exit, cost_usd) = (self.exit(), Some(self.bill.exact()));
        let complaint =
            complaint(exit, self.circuit_open, self.unknown > 0).map(|(kind, message)| ErrorBody::new(kind, message));
        Report { own: Box::new(self.result(detected, deferred)).into(), exit, complaint, cost_usd, error: None }
    }

    /// The job's fields.
    pub fn result(self, detected: usize, deferred: usize) -> ProcessResult {
        let texts_set_aside = self.memory.texts_set_aside + self.set_aside;
        let memory = MemoryFigures { texts_set_aside, ..self.memory };
        ProcessResult {
            detected,
            processed: self.processed,
            partial: self.partial,
            skipped: self.skipped,
            retrying: self.retrying,
            failed: self.failed,
            released: self.released,
            unknown: self.unknown,
            deferred,
            stage_errors: self.errors,
            stage_timings: self.timings.into_iter().map(|(stage, times)| (stage, timing(times))).collect(),
            stage_tokens: self.bill.by_stage(),
            cost_usd: self.bill.rounded(),
            unpriced: self.bill.unpriced,
            uncounted: self.bill.uncounted,
            budget_reached: self.budget_reached,
            circuit_open: self.circuit_open,
            embedded: self.embedded,
            memory,
            refused: self.refused,
            learnt: self.learnt,
            conversations: self.entries,
            conversations_unlisted: self.unlisted,
        }
    }

    /// The exit code.
    pub const fn exit(&self) -> Exit {
        if self.bugs > 0 {
            Exit::Internal
        } else if self.unknown > 0 {
            Exit::Unavailable
        } else if self.lost > 0 {
            Exit::Failure
        } else if self.failed > 0 {
            Exit::Partial
        } else if (self.outages > 0 || self.circuit_open) && self.processed == 0 {
            Exit::Unavailable
        } else {
            Exit::Success
        }
    }
}

/// The error of a run that did not succeed; each conversation's own error is in its entry.
const fn complaint(exit: Exit, circuit_open: bool, unknown: bool) -> Option<(ErrorKind, &'static str)> {
    match exit {
        Exit::Internal => Some((
            ErrorKind::Internal,
            "a pipeline panicked; its conversation was released, and the log names the place",
        )),
        Exit::Failure => {
            Some((ErrorKind::ClaimLost, "a claim was lost to a recovery; nothing was written for that conversation"))
        }
        Exit::Unavailable if unknown => Some((
            ErrorKind::DatabaseUnavailable,
            "a response of the database was lost; whether the `unknown` conversations were committed is not known",
        )),
        Exit::Unavailable if circuit_open => Some((
            ErrorKind::ProviderUnavailable,
            "the language model's circuit is open after five failures in a row; due conversations wait, and the next run \
             sends a probe",
        )),
        Exit::Unavailable => {
            Some((ErrorKind::ProviderUnavailable, "no provider answered; the conversations keep their attempts"))
        }
        _ => None,
    }
}

/// Count, sum and percentiles of durations in milliseconds.
pub fn timing(mut times: Vec<f64>) -> Timing {
    times.sort_by(f64::total_cmp);
    Timing {
        count: times.len(),
        total_ms: hundredths(times.iter().sum()),
        p50_ms: hundredths(percentile(&times, 50)),
        p95_ms: hundredths(percentile(&times, 95)),
        max_ms: hundredths(times.last().copied().unwrap_or_default()),
    }
}

/// The nearest-rank percentile of ascending values.
fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let rank = (ascending.len() * percent).div_ceil(100).max(1);
    ascending.get(rank - 1).copied().unwrap_or_default()
}

fn hundredths(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::conversation::Claim;
    use crate::domain::ids::{ConversationId, Token, UserId};

    #[test]
    fn percentiles_are_values_that_occurred() {
        let times: Vec<f64> = (1..=20).map(f64::from).collect();
        assert!((percentile(&times, 50) - 10.0).abs() < 1e-9);
        assert!((percentile(&times, 95) - 19.0).abs() < 1e-9);
        assert!((percentile(&[7.0], 95) - 7.0).abs() < 1e-9);
        assert!(percentile(&[], 50).abs() < 1e-9);
    }

    #[test]
    fn a_long_run_lists_the_first_and_counts_the_rest() {
        let mut tally = Tally::default();
        let claim = |n: u128| Claim {
            conversation: ConversationId(Uuid::from_u128(n)),
            user: UserId(Uuid::nil()),
            token: Token(Uuid::nil()),
            attempt: 1,
            outages: 0,
            refusals: 0,
        };
        for n in 0..=500 {
            tally.add(&Entry::failed(&claim(n), "too long".to_owned()));
        }
        let result = tally.result(501, 0);
        let listed = &result.conversations;
        assert_eq!((listed.len(), result.conversations_unlisted, result.failed), (500, 1, 501));
        assert_eq!(listed[499].conversation_id, ConversationId(Uuid::from_u128(499)));
        assert_eq!(listed[499].error.as_deref(), Some("too long"));
    }

    #[test]
    fn the_worst_outcome_decides_the_exit_code() {
        let tally = |bugs, lost, failed, outages, processed| Tally {
            processed,
            failed,
            outages,
            lost,
            bugs,
            ..Tally::default()
        };
        assert_eq!(tally(0, 0, 0, 0, 0).exit(), Exit::Success);
        assert_eq!(tally(0, 0, 0, 3, 1).exit(), Exit::Success);
        assert_eq!(tally(0, 0, 0, 3, 0).exit(), Exit::Unavailable);
        assert_eq!(Tally { circuit_open: true, ..tally(0, 0, 0, 0, 0) }.exit(), Exit::Unavailable);
        assert_eq!(Tally { circuit_open: true, ..tally(0, 0, 0, 0, 1) }.exit(), Exit::Success);
        assert_eq!(tally(0, 0, 1, 3, 0).exit(), Exit::Partial);
        assert_eq!(tally(0, 1, 1, 3, 9).exit(), Exit::Failure);
        assert_eq!(tally(1, 1, 1, 1, 9).exit(), Exit::Internal);
    }
}
