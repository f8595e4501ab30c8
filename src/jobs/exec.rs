//! `exec`: runs any command with a job's lease, window, execution record and heartbeat (spec 06).
//!
//! ```text
//!   start ─▶ in a process group of its own ─▶ ended
//!              │ we receive a signal, or the timeout passes: SIGTERM (or SIGINT, as received)
//!              │ still running after the grace period: SIGKILL
//!              ├ our lease is lost, or a second signal arrives: SIGKILL at once
//!              └ we are killed ourselves: SIGKILL at once, by the watch
//! ```

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use crate::domain::exit::Exit;
use crate::domain::ids::AuditId;
use crate::domain::result::ExecResult;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};

mod audit;
mod lines;
mod outcome;
mod watch;

use audit::Audit;
pub use lines::Sink;
use outcome::Outcome;
use watch::Watch;
pub use watch::{COMMAND as WATCH, stand as stand_watch};

/// What to run, and how.
#[derive(Clone)]
pub struct Settings {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Its timeout, if any.
    pub timeout: Option<Duration>,
    /// How long it can continue after a signal.
    pub grace: Duration,
    /// Whether it writes to our stdout.
    pub pass_stdout: bool,
    /// The id and type of the audit to record, if any.
    pub audit: Option<(AuditId, String)>,
    /// How long an audit's lease lasts without a renewal.
    pub lease: Duration,
    /// Receives its lines.
    pub sink: Sink,
}

/// How long to wait for the command's last lines after its end. Not forever, because a child of its own can keep the pipe open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The command's process group. Kills it when dropped: the lease is lost, and another run can begin.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Fails if the group has just ended.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Runs the command to its end.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let Some((program, arguments)) = settings.command.split_first() else {
        return Err(RunError::Configuration("exec needs a command behind --".to_owned()));
    };
    let name = program.to_string_lossy().into_owned();
    let mut audit = match &settings.audit {
        Some((id, kind)) => Some(Audit::begin(run, *id, kind, settings.lease).await?),
        None => None,
    };
    let (lines, mut written) = mpsc::unbounded_channel();
    let started = start(program, arguments, settings, lines);
    let (mut group, ended) = match started {
        Ok(started) => started,
        Err(error) => {
            let why = format!("{name} can't be started: {error}");
            if let Some(audit) = &audit {
                audit.end(run, &Outcome::NotStarted(why.clone())).await?;
            }
            return Err(RunError::Configuration(why));
        }
    };
    let watch = Watch::over(group.0);
    if let Some(group) = group.0 {
        run.signals.at_the_end(move || {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        });
    }
    let mut result = ExecResult { command: name, audit_id: audit.as_ref().map(|it| it.id), ..ExecResult::default() };
    let outcome = wait(settings, run, &group, ended, audit.as_mut(), &mut written, &mut result).await;
    // Ends the processes that the command left behind.
    group.signal(Signal::KILL);
    group.0 = None;
    run.signals.forget_farewell();
    drop(watch);
    let outcome = outcome?;
    if let Some(audit) = &audit {
        audit.end(run, &outcome).await?;
    }
    result.timed_out = matches!(outcome, Outcome::TimedOut);
    if let Outcome::Ended(status) = &outcome {
        result.command_exit_code = status.code();
        result.command_signal = status.signal();
    }
    let complaint = outcome.complaint(&result.command, settings.timeout);
    let exit = if complaint.is_none() { Exit::Success } else { Exit::Failure };
    Ok(Report { own: result.into(), exit, complaint, cost_usd: None, error: None })
}

type Ended = oneshot::Receiver<std::io::Result<ExitStatus>>;

/// Starts the command, a thread that waits for its end, and one that reads each of its streams.
fn start(
    program: &OsString,
    arguments: &[OsString],
    settings: &Settings,
    lines: mpsc::UnboundedSender<String>,
) -> std::io::Result<(Group, Ended)> {
    let stdout = if settings.pass_stdout { Stdio::inherit() } else { Stdio::piped() };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = Group(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
    if let Some(stream) = child.stdout.take() {
        lines::read(stream, settings.sink.clone(), lines.clone());
    }
    if let Some(stream) = child.stderr.take() {
        lines::read(stream, settings.sink.clone(), lines);
    }
    let (tell, ended) = oneshot::channel();
    thread::spawn(move || drop(tell.send(child.wait())));
    Ok((group, ended))
}

/// Completes when the grace period is over; never if no signal was sent.
async fn over(patience: &mut Option<Pin<Box<Sleep>>>) {
    match patience {
        Some(sleep) => sleep.as_mut().await,
        None => std::future::pending().await,
    }
}

async fn wait(
    settings: &Settings,
    run: &Run,
    group: &Group,
    mut ended: Ended,
    mut audit: Option<&mut Audit>,
    written: &mut mpsc::UnboundedReceiver<String>,
    result: &mut ExecResult,
) -> Result<Outcome, RunError> {
    let time_is_up = async {
        match settings.timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(time_is_up);
    let mut patience: Option<Pin<Box<Sleep>>> = None;
    let mut stopped_by: Option<Outcome> = None;
    let mut kept = Vec::new();
    let mut beat = tokio::time::interval(audit.as_deref().map_or(Duration::from_secs(1), Audit::beat));
    let status = loop {
        tokio::select! {
            status = &mut ended => break status,
            Some(line) = written.recv() => {
                result.lines += 1;
                audit::keep(&mut kept, line);
            }
            _ = beat.tick(), if audit.is_some() => {
                if let Some(audit) = audit.as_deref_mut()
                    && !audit.renew(run, &mut kept).await?
                {
                    beat.reset_after(audit.pause());
                }
            }
            () = &mut time_is_up, if stopped_by.is_none() => {
                stopped_by = Some(Outcome::TimedOut);
                patience = Some(Box::pin(tokio::time::sleep(settings.grace)));
                group.signal(Signal::TERM);
            }
            () = run.signals.stopping(), if !matches!(stopped_by, Some(Outcome::Interrupted)) => {
                stopped_by = Some(Outcome::Interrupted);
                patience = Some(Box::pin(tokio::time::sleep(settings.grace)));
                group.signal(if run.signals.exit() == Exit::Interrupted { Signal::INT } else { Signal::TERM });
            }
            () = over(&mut patience) => {
                patience = None;
                group.signal(Signal::KILL);
            }
        }
    };
    let rest = async {
        while let Some(line) = written.recv().await {
            result.lines += 1;
            audit::keep(&mut kept, line);
        }
    };
    let _ = tokio::time::timeout(LAST_LINES, rest).await;
    if let Some(audit) = audit {
        audit.flush(run, &mut kept).await?;
    }
    match (stopped_by, status) {
        (Some(outcome), _) => Ok(outcome),
        (None, Ok(Ok(status))) => Ok(Outcome::Ended(status)),
        (None, Ok(Err(error))) => Err(RunError::Failed(format!("the command can't be waited for: {error}"))),
        (None, Err(_)) => Err(RunError::Bug("nobody waited for the command".to_owned())),
    }
}
