//! The log, on stderr: readable on a terminal, JSON lines elsewhere, with a priority in front for the journal. `-q` holds it
//! back and prints it only if the run fails, so that cron sends a mail only then, and the mail contains the reason.

use std::io::{self, IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use super::harmless::Harmless;
use super::output::{Output, has_colour};
use super::terminal;
use crate::domain::exit::Exit;
use crate::run::lifecycle::FAILURES;
use crate::run::warnings;

/// The most that `-q` holds back, in bytes; beyond that the oldest lines are dropped.
const MOST_HELD: usize = 256 * 1024;

/// The log of this process.
#[derive(Clone)]
pub struct Log {
    held: Option<Arc<Mutex<Vec<u8>>>>,
    journal: bool,
    /// The terminal's width; none where lines are JSON.
    width: Option<usize>,
}

/// A second subscriber with a filter of its own.
pub type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log. On a terminal it shows `usual` and above; one `-v` adds information, two add details.
pub fn start(usual: Level, output: Output, beside: Option<Listener>) -> Log {
    let terminal = stderr().is_terminal();
    // A person reads the table and the progress bar; a journal needs a record of what ran.
    let level = match (output.verbosity, terminal) {
        (0, true) => usual,
        (0, false) | (1, true) => Level::INFO,
        (1, false) | (2, _) => Level::DEBUG,
        _ => Level::TRACE,
    };
    let log = Log {
        held: output.quiet.then(Arc::default),
        journal: terminal::is_journal(),
        width: terminal::width_of_stderr(),
    };
    // Only our own messages: libraries would quote statements and addresses.
    let filter = Targets::new().with_target("nikita_jobs", level);
    let is_repeated = output.tells_the_reader_of_the_log();
    let filter = if is_repeated { filter.with_target(FAILURES, LevelFilter::OFF) } else { filter };
    let lines = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_target(false);
    let lines = if terminal {
        let lines = lines.with_ansi(has_colour(&stderr())).compact();
        // A person who watches a run needs no times; one who asks for more detail does.
        if output.verbosity == 0 {
            lines.without_time().with_filter(filter).boxed()
        } else {
            lines.with_filter(filter).boxed()
        }
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
    };
    let listeners: Vec<_> = [lines, warnings::layer().boxed()].into_iter().chain(beside).collect();
    let started = tracing_subscriber::registry().with(listeners).try_init();
    debug_assert!(started.is_ok(), "the log is started once");
    log
}

impl Log {
    /// Prints what `-q` held back, unless the run succeeded or was skipped.
    pub fn settle(&self, exit: Exit) {
        let Some(held) = &self.held else { return };
        let held = std::mem::take(&mut *held.lock().unwrap_or_else(PoisonError::into_inner));
        if !matches!(exit, Exit::Success | Exit::Skipped) {
            super::stderr::write(&Harmless::ours(held));
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { log: self.clone(), priority: 6, text: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line {
        let priority = match *meta.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        Line { log: self.clone(), priority, text: Vec::new() }
    }
}

/// One event, written in one piece once it is complete.
pub struct Line {
    log: Log,
    priority: u8,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    /// During a panic it takes no lock that this thread could already hold, and leaves the progress bar alone.
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let line = match self.log.width {
            Some(width) => Harmless::styled(&terminal::fit(&text.trim_end().replace(['\r', '\n'], " "), width)).ended(),
            None if self.log.journal => Harmless::of_log(&format!("<{}>{text}", self.priority)),
            None => Harmless::of_log(&text),
        };
        let write = || super::stderr::write(&line);
        match &self.log.held {
            Some(held) if thread::panicking() => match held.try_lock() {
                Ok(mut held) => hold(&mut held, line.as_bytes()),
                Err(TryLockError::Poisoned(held)) => hold(&mut held.into_inner(), line.as_bytes()),
                Err(TryLockError::WouldBlock) => write(),
            },
            Some(held) => hold(&mut held.lock().unwrap_or_else(PoisonError::into_inner), line.as_bytes()),
            None if thread::panicking() => write(),
            None => super::progress_bar::suspend(write),
        }
    }
}

/// Holds a line back, and drops the oldest ones beyond the limit.
fn hold(held: &mut Vec<u8>, line: &[u8]) {
    held.extend_from_slice(line);
    if held.len() > MOST_HELD {
        let cut = held.len() - MOST_HELD;
        let line_end = held.iter().skip(cut).position(|byte| *byte == b'\n').map_or(held.len(), |at| cut + at + 1);
        held.drain(..line_end);
    }
}
