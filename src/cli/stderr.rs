//! stderr, without blocking. A reader that has stopped reading (a pager, a hung journal) must not stop a run, because the thread that
//! logs also renews the lease.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::harmless::Harmless;
use super::stdout::{AT_ONCE, PAUSE, is_ready};

/// How many pauses to wait for a slow reader before the first line is dropped: a quarter of a second in all.
const MOST_PAUSES: usize = 25;

/// How many texts were dropped since the last one was written.
static LOST: AtomicUsize = AtomicUsize::new(0);

/// Writes a text or drops it. There is no error, because nowhere is left to report it.
pub fn write(text: &Harmless) {
    // Locked first: if two threads saw room for one text, one of them would block forever.
    let mut stderr = io::stderr().lock();
    let lost = LOST.load(Ordering::Relaxed);
    if lost > 0 && is_ready(io::stderr()) {
        LOST.store(0, Ordering::Relaxed);
        let said = format!(
            "{{\"level\":\"WARN\",\"message\":\"lines were lost because nobody read stderr\",\"lines\":{lost}}}\n"
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

/// Once a line was dropped, the next ones don't wait.
fn becomes_ready() -> bool {
    let pauses = if LOST.load(Ordering::Relaxed) == 0 { MOST_PAUSES } else { 0 };
    is_ready(io::stderr())
        || (0..pauses).any(|_| {
            thread::sleep(PAUSE);
            is_ready(io::stderr())
        })
}
