//! What will be done to whom, and when: all of it drawn from the seed before anything starts.

use std::time::Duration;

use fastrand::Rng;

/// The jobs under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    Decay,
    Process,
    Recover,
    Scan,
}

/// Who works at the same time: one process after another, from each of these places.
pub const PLACES: [(Job, &[&str]); 8] = [
    (Job::Process, &["--allow-overlap"]),
    (Job::Process, &["--allow-overlap"]),
    (Job::Process, &[]),
    (Job::Decay, &[]),
    (Job::Decay, &["--force"]),
    (Job::Recover, &["--requeue"]),
    (Job::Recover, &["--requeue", "--force"]),
    (Job::Scan, &[]),
];

impl Job {
    /// The command, with what the verdict knows of: when a conversation is over, and what decay takes.
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            // A step of a hundredth takes 0.36 s, so that every run has something to charge.
            Self::Decay => &["decay", "--chunk", "4", "--grace-hours", "1,1,1,1,1", "--rates", "100,100,100,100,100"],
            Self::Process => &["process-conversations", "--session-timeout", "2s", "--concurrency", "4"],
            Self::Recover => &["recover"],
            Self::Scan => &["scan-stuck"],
        }
    }

    /// What makes trouble likely: short leases, and time-outs that a fault can reach.
    pub const fn pressure(self) -> &'static [&'static str] {
        match self {
            Self::Process => &["--lease", "2s", "--window", "100ms", "--timeout", "2s", "--grace", "1s"],
            Self::Decay | Self::Recover | Self::Scan => &["--lease", "2s", "--window", "100ms"],
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Decay => "decay",
            Self::Process => "process-conversations",
            Self::Recover => "recover",
            Self::Scan => "scan-stuck",
        }
    }
}

/// What is done to one process, or to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and SIGCONT after so long.
    Freeze(Duration),
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
    /// SIGTERM twice.
    TerminateTwice,
    /// `recover conversation ID`: an operator takes one from a run that is alive.
    TakeByHand,
    /// `pg_terminate_backend` for one of its connections.
    EndBackend,
    /// A restart of the server, which ends every connection: `fast` or `immediate`, the second a crash.
    Restart(&'static str),
}

/// One event: at this time from the start, to a process of this job if there is one; `pick` chooses among several.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub at: Duration,
    pub trouble: Trouble,
    pub job: Job,
    pub pick: usize,
}

/// The events of a run. Every kind comes up in every dozen, so that none is left to luck.
pub fn draw(seed: u64, length: Duration, postgres: bool) -> Vec<Event> {
    let mut rng = Rng::with_seed(seed);
    let mut events = Vec::new();
    let mut at = Duration::from_secs(2);
    let mut hands = 0;
    while at < length {
        for trouble in hand(&mut rng, postgres, hands) {
            let (job, _) = rng.choice(PLACES).expect("places");
            events.push(Event { at, trouble, job, pick: rng.usize(..) });
            at += Duration::from_millis(rng.u64(200..1_000));
        }
        hands += 1;
    }
    events.retain(|event| event.at < length);
    events
}

fn hand(rng: &mut Rng, postgres: bool, number: usize) -> Vec<Trouble> {
    // Some freezes end before the lease does, most do not.
    let mut freeze = || Trouble::Freeze(Duration::from_millis(rng.u64(500..5_000)));
    let mut hand = vec![freeze(), freeze(), freeze(), Trouble::Freeze(Duration::from_millis(3_500))];
    hand.extend([Trouble::Kill; 4]);
    hand.extend([
        Trouble::Terminate,
        Trouble::Interrupt,
        Trouble::TerminateTwice,
        Trouble::TakeByHand,
        Trouble::TakeByHand,
    ]);
    if postgres {
        hand.extend([Trouble::EndBackend; 4]);
        hand.push(Trouble::Restart(if number.is_multiple_of(2) { "immediate" } else { "fast" }));
    }
    rng.shuffle(&mut hand);
    hand
}

/// The failures that runs of process-conversations rehearse, one run after another: dealt like cards, so that each comes up.
#[derive(Default)]
pub struct Rehearsals(Vec<&'static str>);

impl Rehearsals {
    pub fn next(&mut self, rng: &mut Rng) -> String {
        if self.0.is_empty() {
            self.0.extend([
                "extraction=unavailable*3",
                "memory_update=unavailable*2",
                "extraction=fail*2",
                "memory_update=fail*2",
                "extraction=hang*1",
                "life_sim=fail*3, touchpoint=fail*2",
                "extraction=refuse*1",
                "",
                "",
                "",
            ]);
            rng.shuffle(&mut self.0);
        }
        format!("latency={}ms, {}", rng.u64(20..400), self.0.pop().unwrap_or_default())
    }
}
