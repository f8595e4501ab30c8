//! stdout: one result, or an error. It bypasses the standard library's buffer, so that a failed write is known before the process
//! ends.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::harmless::Harmless;
use crate::run::signals::Signals;

/// How many bytes a ready pipe takes without blocking (`PIPE_BUF`).
pub const AT_ONCE: usize = 4096;
/// The pause between two tries on a stream that is not ready.
pub const PAUSE: Duration = Duration::from_millis(10);

static CLOSED: AtomicBool = AtomicBool::new(false);
static USED: AtomicBool = AtomicBool::new(false);

/// Remembers whether stdout is closed. Must be called before `main`, where the standard library opens `/dev/null` in its place.
pub fn see_whether_closed() {
    CLOSED.store(rustix::io::fcntl_getfd(io::stdout()).is_err(), Ordering::Relaxed);
}

/// Whether a result was written. There must be only one, even if a bug shows up afterwards.
pub fn is_used() -> bool {
    USED.load(Ordering::Relaxed)
}

/// Writes all of a text, however long that takes.
///
/// # Errors
/// If stdout is closed, full, or a pipe without a reader.
pub fn write(text: &Harmless) -> io::Result<()> {
    let mut text = text.as_bytes();
    begin()?;
    while !text.is_empty() {
        match write_some(text)? {
            0 => std::thread::sleep(PAUSE),
            taken => text = text.get(taken..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// The same for a reader that can have stopped reading: a signal ends the wait.
///
/// # Errors
/// As for [`write`], and after a signal.
pub async fn write_unless_stopped(text: &Harmless) -> io::Result<()> {
    let mut text = text.as_bytes();
    begin()?;
    let signals = Signals::listen()?;
    while !text.is_empty() {
        let taken = if is_ready(io::stdout()) { write_some(text.get(..AT_ONCE).unwrap_or(text))? } else { 0 };
        text = text.get(taken..).unwrap_or_default();
        if taken == 0 {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = signals.stopping() => return Err(io::Error::other("nobody had read it when a signal came")),
            }
        }
    }
    Ok(())
}

/// Whether a stream takes [`AT_ONCE`] bytes now. A broken one counts as ready, and the write reports the error.
pub fn is_ready(stream: impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    !matches!(poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&now)), Ok(0))
}

fn begin() -> io::Result<()> {
    USED.store(true, Ordering::Relaxed);
    if CLOSED.load(Ordering::Relaxed) { Err(io::Error::other("it is closed")) } else { Ok(()) }
}

/// How many bytes were written; 0 means try again.
fn write_some(text: &[u8]) -> io::Result<usize> {
    match rustix::io::write(io::stdout(), text).map_err(io::Error::from) {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(0),
        other => other,
    }
}
