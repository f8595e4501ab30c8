//! stdout: it takes one result, or says that it does not. Past the standard library's buffer, so that what was not taken is
//! known before the process ends.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::harmless::Harmless;
use crate::run::signals::Signals;

/// What a pipe that is ready takes without a wait, in bytes (`PIPE_BUF`).
pub const AT_ONCE: usize = 4096;
/// Between two tries of a stream that is not ready.
pub const PAUSE: Duration = Duration::from_millis(10);

static CLOSED: AtomicBool = AtomicBool::new(false);
static USED: AtomicBool = AtomicBool::new(false);

/// Remembers a stdout that is closed. To be called before `main`: the standard library opens `/dev/null` in its place.
pub fn see_whether_closed() {
    CLOSED.store(rustix::io::fcntl_getfd(io::stdout()).is_err(), Ordering::Relaxed);
}

/// Whether something was written already: there is to be one value, even if a bug shows up afterwards.
pub fn is_used() -> bool {
    USED.load(Ordering::Relaxed)
}

/// Writes a text, all of it, however long that takes.
///
/// # Errors
/// Where stdout is closed, full, or has nobody who reads it.
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

/// The same for a reader who may have stopped reading: a signal ends the wait.
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

/// Whether a stream takes [`AT_ONCE`] bytes now. One that is broken does: the write will say so.
pub fn is_ready(stream: impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    !matches!(poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&now)), Ok(0))
}

fn begin() -> io::Result<()> {
    USED.store(true, Ordering::Relaxed);
    if CLOSED.load(Ordering::Relaxed) { Err(io::Error::other("it is closed")) } else { Ok(()) }
}

/// How much was taken; 0 where it is to be tried again.
fn write_some(text: &[u8]) -> io::Result<usize> {
    match rustix::io::write(io::stdout(), text).map_err(io::Error::from) {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(0),
        other => other,
    }
}
