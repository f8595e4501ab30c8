//! stderr: the log. Pretty on a terminal, JSON lines elsewhere, with a priority in front for the journal. With `-q` it is
//! held back, and told only where the run did not go well: so a mail from cron has the reason, and otherwise there is none.

use std::env;
use std::io::{self, IsTerminal, Write, stderr};
use std::os::unix::fs::MetadataExt;
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

/// The most that `-q` holds back, in bytes; the oldest lines are given up first.
const MOST_HELD: usize = 256 * 1024;

/// The log of this process.
#[derive(Clone)]
pub struct Log {
    held: Option<Arc<Mutex<Vec<u8>>>>,
    journal: bool,
    /// Of the terminal, for whom lines are sentences; none where they are JSON.
    width: Option<usize>,
}

/// What else listens, with a filter of its own.
pub type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log. On a terminal it says `usual` and what is worse; one `-v` adds information, two add details.
pub fn start(usual: Level, output: Output, beside: Option<Listener>) -> Log {
    let terminal = stderr().is_terminal();
    // A person looks at the table and the progress bar; a journal wants to know what ran.
    let level = match (output.verbosity, terminal) {
        (0, true) => usual,
        (0, false) | (1, true) => Level::INFO,
        (1, false) | (2, _) => Level::DEBUG,
        _ => Level::TRACE,
    };
    let log = Log { held: output.quiet.then(Arc::default), journal: is_journal(), width: terminal::width_of_stderr() };
    // Only our own words: libraries would quote statements and addresses.
    let filter = Targets::new().with_target("nikita_jobs", level);
    let told = output.tells_the_reader_of_the_log();
    let filter = if told { filter.with_target(FAILURES, LevelFilter::OFF) } else { filter };
    let lines = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_target(false);
    let lines = if terminal {
        let lines = lines.with_ansi(has_colour(&stderr())).compact();
        // A person who waits knows what time it is; one who asks for more is after something.
        if output.verbosity == 0 {
            lines.without_time().with_filter(filter).boxed()
        } else {
            lines.with_filter(filter).boxed()
        }
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
    };
    let listeners: Vec<_> = [lines].into_iter().chain(beside).collect();
    let started = tracing_subscriber::registry().with(listeners).try_init();
    debug_assert!(started.is_ok(), "the log is started once");
    log
}

impl Log {
    /// Tells what was held back, where the run did not go well.
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

/// One event, written at once when it is whole.
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
    /// A line about a panic takes no lock that the thread may hold, and leaves the progress bar alone.
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

/// Keeps a line, and gives the oldest up where they are too many.
fn hold(held: &mut Vec<u8>, line: &[u8]) {
    held.extend_from_slice(line);
    if held.len() > MOST_HELD {
        let cut = held.len() - MOST_HELD;
        let line_end = held.iter().skip(cut).position(|byte| *byte == b'\n').map_or(held.len(), |at| cut + at + 1);
        held.drain(..line_end);
    }
}

/// Whether stderr is the journal: systemd tells its device and inode.
fn is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else { return false };
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|meta| stream == format!("{}:{}", meta.dev(), meta.ino()))
}
