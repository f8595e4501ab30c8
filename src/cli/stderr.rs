//! stderr: it takes what it takes at once. A reader who has stopped reading (a pager, a hung journal) must not stop a run, whose
//! lease is renewed by the thread that logs.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::harmless::Harmless;
use super::stdout::{AT_ONCE, PAUSE, is_ready};

/// How many pauses a first line waits for a reader who is slow: a quarter of a second in all.
const MOST_PAUSES: usize = 25;

/// How many texts were lost since something was taken.
static LOST: AtomicUsize = AtomicUsize::new(0);

/// Writes a text, or loses it; never an error, because nobody is left to tell.
pub fn write(text: &Harmless) {
    // Of two threads that both see room, one would wait for ever.
    let mut stderr = io::stderr().lock();
    let lost = LOST.load(Ordering::Relaxed);
    if lost > 0 && is_ready(io::stderr()) {
        LOST.store(0, Ordering::Relaxed);
        let said = format!(
            "{{\"level\":\"WARN\",\"message\":\"nobody read stderr, and lines were lost\",\"lines\":{lost}}}\n"
        );
        let _ = stderr.write_all(said.as_bytes());
    }
    for part in text.as_bytes().chunks(AT_ONCE) {
        if !becomes_ready() {
            LOST.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let _ = stderr.write_all(part);
    }
}

/// Once a line was lost, the next ones don't wait.
fn becomes_ready() -> bool {
    let pauses = if LOST.load(Ordering::Relaxed) == 0 { MOST_PAUSES } else { 0 };
    is_ready(io::stderr())
        || (0..pauses).any(|_| {
            thread::sleep(PAUSE);
            is_ready(io::stderr())
        })
}
