//! A watch over the command: it ends the command's group where this process dies without a word, as by SIGKILL, so that the command does
//! not go on alone while its lease runs out and another run begins.
//!
//! The watch is this program once more, with a pipe of ours as its stdin. A word in it says that the command has ended; the end of the
//! pipe without a word says that we have died. The parent-death signal of Linux would need unsafe code between fork and exec, and would
//! reach the command alone, not what the command has started.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// How this program is called to be a watch.
pub const COMMAND: &str = "exec-watch";
/// This very program, also where its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";
/// The word that says that all is well.
const DISMISSED: &[u8] = b".";

/// A watch that stands.
pub(super) struct Watch(Child);

impl Watch {
    /// Sets a watch over the group. Where that can't be done the command runs without, and the log says so.
    pub(super) fn over(group: Option<Pid>) -> Option<Self> {
        let group = group?;
        let started = Command::new(PROGRAM)
            .args([COMMAND, &group.as_raw_nonzero().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is typed at our terminal is not for it.
            .process_group(0)
            .spawn();
        match started {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                tracing::warn!(error = %error, "no watch over the command: where this process is killed, it goes on alone");
                None
            }
        }
    }
}

impl Drop for Watch {
    /// The group has been ended by then.
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(DISMISSED);
        }
        let _ = self.0.wait();
    }
}

/// Stands watch over this group until a word comes, or the end of stdin.
pub fn stand(group: i32) {
    let mut word = Vec::new();
    let heard = std::io::stdin().take(1).read_to_end(&mut word);
    if (heard.is_err() || word.is_empty())
        && let Some(group) = Pid::from_raw(group).filter(|_| group > 1)
    {
        let _ = kill_process_group(group, Signal::KILL);
    }
}
