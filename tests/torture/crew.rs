//! The processes under torture: each place runs one after another, and what became of each is set down.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::plan::{Job, PLACES, Rehearsals};
use crate::support::bin::{Running, within};
use crate::support::db::Db;

/// The longest that any process may take, frozen time included, before it counts as one that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// All places, and what has become of their processes so far.
pub struct Crew {
    places: Vec<Place>,
    /// Told the process id of one that hangs, before it is killed.
    on_hang: Option<String>,
    pub tally: Mutex<Tally>,
}

struct Place {
    job: Job,
    settings: &'static [&'static str],
    folder: PathBuf,
    running: Mutex<Option<Alive>>,
}

struct Alive {
    process: Running,
    /// Which process of its place: a thaw is for the one that was frozen.
    number: u64,
    /// The signals that it was sent: it may end by one of them before it listens.
    sent: Vec<i32>,
}

/// What became of the processes.
#[derive(Debug, Default)]
pub struct Tally {
    /// By job and exit code; `None` for those that were killed.
    pub exits: BTreeMap<(Job, Option<i32>), u64>,
    /// Conversations that runs said they had processed.
    pub processed: u64,
    /// Runs that said that their lease was lost: their work was dropped before it could be written.
    pub leases_lost: u64,
    /// Runs that said that a claim was lost: the fence refused a commit.
    pub claims_lost: u64,
    /// Ends that no run may come to.
    pub faults: Vec<String>,
}

/// A process that something can be done to.
#[derive(Clone, Copy, Debug)]
pub struct Victim {
    place: usize,
    number: u64,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew {
    pub fn new(folder: &std::path::Path, on_hang: Option<String>) -> Self {
        let place = |(number, (job, settings)): (usize, &(Job, &'static [&'static str]))| {
            let folder = folder.join(number.to_string());
            fs::create_dir(&folder).expect("the folder can be written");
            Place { job: *job, settings, folder, running: Mutex::default() }
        };
        Self { places: PLACES.iter().enumerate().map(place).collect(), on_hang, tally: Mutex::default() }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Runs one process after another in a place, until it is told to stop.
    pub fn work(&self, number: usize, db: &Db, seed: u64, stop: &AtomicBool) {
        let place = &self.places[number];
        let mut rng = Rng::with_seed(seed ^ (number as u64 + 1));
        let mut rehearsals = Rehearsals::default();
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            let mut bin = db.command(place.job.arguments()).args(place.job.pressure()).args(place.settings);
            if place.job == Job::Process {
                bin = bin.env("NIKITA_REHEARSE", rehearsals.next(&mut rng));
            }
            count += 1;
            *lock(&place.running) = Some(Alive { process: bin.start_into(&place.folder), number: count, sent: vec![] });
            self.wait(place);
            within(Duration::from_millis(rng.u64(0..200)), || stop.load(Ordering::Relaxed));
        }
    }

    fn wait(&self, place: &Place) {
        let mut status = None;
        let ended = within(PATIENCE, || {
            let mut running = lock(&place.running);
            status = running.as_mut().and_then(|alive| alive.process.ended());
            status.is_some() || running.is_none()
        });
        let Some(Alive { process, sent, .. }) = lock(&place.running).take() else { return };
        let hangs = !ended;
        if let (true, Some(program)) = (hangs, &self.on_hang) {
            let _ = Command::new(program).arg(process.pid().to_string()).status();
        }
        // Kills one that hangs.
        drop(process);
        let code = status.and_then(|it| it.code());
        let mut tally = lock(&self.tally);
        *tally.exits.entry((place.job, code)).or_default() += 1;
        let signal = status.and_then(|it| it.signal());
        if hangs {
            let log = fs::read_to_string(place.folder.join("err")).unwrap_or_default();
            tally.faults.push(format!("{}: not ended after {} s\n    {log}", place.job.name(), PATIENCE.as_secs()));
        } else if let Some(code) = code {
            tally.look(place, code);
        } else if signal.is_none_or(|it| !sent.contains(&it)) {
            tally.faults.push(format!("{}: ended by signal {signal:?}, which nobody sent", place.job.name()));
        }
    }

    /// Someone of this job, or of any job where there is none.
    pub fn victim(&self, job: Job, pick: usize) -> Option<Victim> {
        let alive = |job: Option<Job>| -> Vec<_> {
            let of_job = self.places.iter().enumerate().filter(|(_, place)| job.is_none_or(|job| place.job == job));
            of_job
                .filter_map(|(at, it)| Some(Victim { place: at, number: lock(&it.running).as_ref()?.number }))
                .collect()
        };
        let mut victims = alive(Some(job));
        if victims.is_empty() {
            victims = alive(None);
        }
        (!victims.is_empty()).then(|| victims[pick % victims.len()])
    }

    /// Whether the process is no longer there.
    pub fn has_ended(&self, victim: Victim) -> bool {
        lock(&self.places[victim.place].running).as_ref().is_none_or(|alive| alive.number != victim.number)
    }

    /// Whether something has gone wrong.
    pub fn has_faults(&self) -> bool {
        !lock(&self.tally).faults.is_empty()
    }

    /// Sends a signal, if the process is still there.
    pub fn signal(&self, victim: Victim, name: &str) -> bool {
        const NUMBERS: [(&str, i32); 3] = [("INT", 2), ("KILL", 9), ("TERM", 15)];
        let mut running = lock(&self.places[victim.place].running);
        let Some(alive) = running.as_mut().filter(|it| it.number == victim.number) else { return false };
        // Not after its end: then its number may be another's.
        if alive.process.ended().is_some() {
            return false;
        }
        alive.process.signal(name);
        alive.sent.extend(NUMBERS.iter().find(|(it, _)| *it == name).map(|(_, number)| *number));
        true
    }
}

impl Tally {
    /// Reads what a process has left.
    fn look(&mut self, place: &Place, code: i32) {
        let text = |name: &str| fs::read_to_string(place.folder.join(name)).unwrap_or_default();
        let (out, err) = (text("out"), text("err"));
        let result: Value = serde_json::from_str(&out).unwrap_or_default();
        let kind = result["error"]["kind"].as_str().unwrap_or_default();
        self.processed += result["processed"].as_u64().filter(|_| place.job == Job::Process).unwrap_or_default();
        self.leases_lost += u64::from(kind == "lease_lost");
        self.claims_lost += err.matches("the claim was lost").count() as u64;
        let expected = match code {
            0 | 75 => kind.is_empty(),
            1 => ["lease_lost", "claim_lost"].contains(&kind),
            3 => [Job::Process, Job::Recover].contains(&place.job),
            69 => ["database_unavailable", "database_conflict", "provider_unavailable", "lease_lost"].contains(&kind),
            // At the second signal a process ends without a word.
            130 | 143 => true,
            _ => false,
        };
        let one_value = result.is_object() || (code >= 130 && out.is_empty());
        if !expected || !one_value {
            let last: Vec<_> = err.lines().rev().take(5).collect();
            self.faults.push(format!("{}: exit {code}\n    {out}    {}", place.job.name(), last.join("\n    ")));
        }
    }
}
