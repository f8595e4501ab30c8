//! Carries the plan out.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::crew::{Crew, Victim};
use crate::plan::{Event, Trouble};
use crate::support::db::Db;

/// What was really done, by kind.
#[derive(Debug, Default)]
pub struct Done {
    pub counts: BTreeMap<&'static str, u64>,
    pub faults: Vec<String>,
}

/// Does what the plan says, when it says so, and thaws everybody at its end.
pub fn make(plan: &[Event], crew: &Crew, db: &Db, restart: Option<&str>, length: Duration) -> Done {
    let began = Instant::now();
    let mut done = Done::default();
    let mut frozen: Vec<(Duration, Victim)> = Vec::new();
    for event in plan {
        thaw(&mut frozen, crew, began, event.at, &mut done);
        done.cause(event, crew, db, restart, began, &mut frozen);
    }
    thaw(&mut frozen, crew, began, length, &mut done);
    for (_, victim) in frozen {
        done.count("thaws", crew.signal(victim, "CONT"));
    }
    done
}

/// Waits until a time, and thaws on the way whose time has come.
fn thaw(frozen: &mut Vec<(Duration, Victim)>, crew: &Crew, began: Instant, until: Duration, done: &mut Done) {
    loop {
        let now = began.elapsed();
        frozen.retain(|(at, victim)| {
            if *at > now {
                return true;
            }
            done.count("thaws", crew.signal(*victim, "CONT"));
            false
        });
        if now >= until {
            return;
        }
        std::thread::sleep(Duration::from_millis(10).min(until.checked_sub(now).unwrap_or_default()));
    }
}

impl Done {
    fn count(&mut self, what: &'static str, happened: bool) {
        *self.counts.entry(what).or_default() += u64::from(happened);
    }

    fn cause(
        &mut self,
        event: &Event,
        crew: &Crew,
        db: &Db,
        restart: Option<&str>,
        began: Instant,
        frozen: &mut Vec<(Duration, Victim)>,
    ) {
        match event.trouble {
            Trouble::EndBackend => return self.end_backend(db, event.pick),
            Trouble::TakeByHand => return self.take_by_hand(db, event.pick),
            Trouble::Restart(mode) => return self.restart(restart, mode),
            _ => {}
        }
        let Some(victim) = crew.victim(event.job, event.pick) else { return };
        match event.trouble {
            Trouble::Kill => self.count("kills", crew.signal(victim, "KILL")),
            Trouble::Terminate => self.count("terminations", crew.signal(victim, "TERM")),
            Trouble::Interrupt => self.count("interrupts", crew.signal(victim, "INT")),
            Trouble::TerminateTwice => {
                let both = crew.signal(victim, "TERM") && crew.signal(victim, "TERM");
                self.count("second signals", both);
            }
            Trouble::Freeze(length) => {
                let is_frozen = crew.signal(victim, "STOP");
                self.count("freezes", is_frozen);
                if is_frozen {
                    frozen.push((began.elapsed() + length, victim));
                }
            }
            Trouble::TakeByHand | Trouble::EndBackend | Trouble::Restart(_) => {}
        }
    }

    fn end_backend(&mut self, db: &Db, pick: usize) {
        let ours = "from pg_stat_activity where datname = current_database() and application_name = 'nikita-jobs'";
        // Both may find the server away, or nobody there.
        let Ok(pids) = db.try_rows(&format!("select pid {ours} order by pid")) else { return };
        let Some(pid) = (!pids.is_empty()).then(|| &pids[pick % pids.len()][0]) else { return };
        let ended = db.try_rows(&format!("select pg_terminate_backend(pid) {ours} and pid = {pid}"));
        self.count("backends terminated", ended.is_ok_and(|rows| rows == [["t"]]));
    }

    /// An operator gives a conversation to someone else whose owner is alive: its commit has to be refused.
    fn take_by_hand(&mut self, db: &Db, pick: usize) {
        let Ok(held) = db.try_rows("select id from conversations where status = 'processing' order by id") else {
            return;
        };
        let Some(id) = (!held.is_empty()).then(|| &held[pick % held.len()][0]) else { return };
        let done = db.run(&["recover", "conversation", id, "--requeue"]);
        self.count("taken by hand", done.stdout().contains(r#""recovered":1"#));
    }

    fn restart(&mut self, command: Option<&str>, mode: &'static str) {
        let Some(command) = command else { return };
        let done = Command::new(command).arg(mode).status().is_ok_and(|it| it.success());
        self.count(if mode == "fast" { "fast restarts" } else { "immediate restarts" }, done);
        if !done {
            self.faults.push(format!("the server did not come back: {command} {mode}"));
        }
    }
}
