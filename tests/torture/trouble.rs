//! Carries the plan out.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::crew::{Crew, Victim};
use crate::plan::{Event, Trouble};
use crate::support::bin::within;
use crate::support::db::Db;

/// What was really done, by kind.
#[derive(Debug, Default)]
pub struct Done {
    pub counts: BTreeMap<&'static str, u64>,
    pub faults: Vec<String>,
}

/// Does what the plan says, when it says so. At its end everybody has been thawed.
pub fn make(plan: &[Event], crew: &Crew, db: &Db, restart: Option<&str>) -> Done {
    let began = Instant::now();
    let mut done = Done::default();
    let thaws = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for event in plan {
            // More trouble would only hide a fault.
            if within(event.at.saturating_sub(began.elapsed()), || crew.has_faults()) {
                break;
            }
            let Some((victim, length)) = done.cause(event, crew, db, restart) else { continue };
            // By itself: what comes next may wait for a lock of the one that is frozen.
            let thaws = &thaws;
            scope.spawn(move || {
                within(length, || crew.has_ended(victim));
                thaws.fetch_add(u64::from(crew.signal(victim, "CONT")), Ordering::Relaxed);
            });
        }
    });
    done.counts.insert("thaws", thaws.into_inner());
    done
}

impl Done {
    fn count(&mut self, what: &'static str, happened: bool) {
        *self.counts.entry(what).or_default() += u64::from(happened);
    }

    /// Does one thing; whom it has frozen, and for how long.
    fn cause(&mut self, event: &Event, crew: &Crew, db: &Db, restart: Option<&str>) -> Option<(Victim, Duration)> {
        match event.trouble {
            Trouble::EndBackend => self.end_backend(db, event.pick),
            Trouble::TakeByHand => self.take_by_hand(db, event.pick),
            Trouble::Restart(mode) => self.restart(restart, mode),
            _ => {}
        }
        let victim = crew.victim(event.job, event.pick)?;
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
                return is_frozen.then_some((victim, length));
            }
            Trouble::TakeByHand | Trouble::EndBackend | Trouble::Restart(_) => {}
        }
        None
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
