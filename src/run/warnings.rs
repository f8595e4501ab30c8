//! The warnings of this process, for the field `warnings` of its results (spec 01).
//!
//! Collected from the log's events, so that no place that warns can forget the result; independent of `-q`, `-v` and of what stderr
//! shows. The entries go through the same doors as log lines: our own events alone, which hold no conversation text and no secret.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::core::text;
use crate::domain::result::JobResult;

/// The most warnings that a result lists.
const MOST: usize = 20;
/// The most characters of one.
const MOST_CHARS: usize = 300;

static SAID: Mutex<Said> = Mutex::new(Said { all: List::EMPTY, of_run: List::EMPTY, has_run: false });

/// What was said so far.
struct Said {
    all: List,
    /// Since the current run began, with what was said before the process's first one.
    of_run: List,
    has_run: bool,
}

/// Distinct warnings, the first ones first.
struct List {
    kept: Vec<String>,
    /// How many came when it was full; a repeated one counts again.
    more: usize,
}

impl List {
    const EMPTY: Self = Self { kept: Vec::new(), more: 0 };

    fn add(&mut self, warning: &str) {
        if self.kept.iter().any(|it| it == warning) {
            return;
        }
        if self.kept.len() < MOST {
            self.kept.push(warning.to_owned());
        } else {
            self.more += 1;
        }
    }

    fn told(&self) -> Vec<String> {
        let more = match self.more {
            0 => None,
            1 => Some("and 1 more warning".to_owned()),
            more => Some(format!("and {more} more warnings")),
        };
        self.kept.iter().cloned().chain(more).collect()
    }
}

/// A lock that a panic has poisoned is taken over: each change of the lists is whole.
fn said() -> MutexGuard<'static, Said> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a warning: the collector's, and those from before the log has started.
pub fn note(warning: &str) {
    let warning = text::one_line(warning);
    let mut kept = text::first_chars(&warning, MOST_CHARS).to_owned();
    if kept.len() < warning.len() {
        kept.pop();
        kept.push('…');
    }
    let mut said = said();
    said.all.add(&kept);
    said.of_run.add(&kept);
}

/// A run begins. Only the demo has several in one process, each with its own warnings.
pub fn begin_run() {
    let mut said = said();
    if said.has_run {
        said.of_run = List::EMPTY;
    }
    said.has_run = true;
}

/// The warnings of the current run so far, for its stored result.
#[must_use]
pub fn of_run() -> Vec<String> {
    said().of_run.told()
}

/// A result with all that was said until now, to be printed or sent.
#[must_use]
pub fn complete(result: &JobResult) -> JobResult {
    let mut result = result.clone();
    result.common.warnings = said().all.told();
    result
}

/// The layer that collects them.
#[must_use]
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> + Send + Sync {
    Collector.with_filter(Targets::new().with_target("nikita_jobs", Level::WARN))
}

struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            let mut sentence = Sentence::default();
            event.record(&mut sentence);
            note(&sentence.told());
        }
    }
}

/// An event as a sentence: its message, then its fields in parentheses.
#[derive(Default)]
struct Sentence {
    message: String,
    fields: String,
}

impl Sentence {
    fn told(self) -> String {
        if self.fields.is_empty() { self.message } else { format!("{} ({})", self.message, self.fields) }
    }
}

impl Visit for Sentence {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            let comma = if self.fields.is_empty() { "" } else { ", " };
            write!(self.fields, "{comma}{}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn each_is_listed_once_and_what_is_too_much_is_counted() {
        let mut list = List::EMPTY;
        assert!(list.told().is_empty());
        for round in 0..2 {
            for number in 0..MOST + 3 {
                list.add(&number.to_string());
            }
            let told = list.told();
            assert_eq!((told.len(), told.first().map(String::as_str)), (MOST + 1, Some("0")));
            assert_eq!(told.last().cloned(), Some(format!("and {} more warnings", 3 * (round + 1))));
        }
    }

    /// One test for all that uses the list of the process.
    #[test]
    fn our_warnings_are_sentences_on_one_line() {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer()), || {
            tracing::warn!(user_id = "u1", error = %"a\n\u{0}\u{202e}b", host = None::<&str>, players = 3, "player passed over");
            tracing::warn!("{}", "x".repeat(MOST_CHARS * 2));
            tracing::warn!(target: "sqlx::query", "a statement with its values");
            tracing::error!("an error stands elsewhere");
            tracing::info!("all is well");
        });
        let told = of_run();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], "player passed over (user_id=u1, error=a b, players=3)");
        assert_eq!((told[1].chars().count(), told[1].ends_with("x…")), (MOST_CHARS, true));
        begin_run();
        assert_eq!(of_run().len(), 2, "said before the first run");
        begin_run();
        assert!(of_run().is_empty());
        assert_eq!(said().all.told().len(), 2);
    }
}
