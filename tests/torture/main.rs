//! Torture: several processes of all jobs on one database, killed, frozen and cut off at random instants, while an
//! application writes. Then a quiet drain, and the proof that nothing was lost, done twice or half-written.
//!
//! `scripts/torture` runs it with a PostgreSQL of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::large_enum_variant,
    clippy::print_stdout,
    reason = "a tool: it draws ids, reads the clock and prints"
)]
#![allow(dead_code, unused_macros, reason = "the support is the whole suite's")]

#[path = "../suite/support/mod.rs"]
mod support;

mod crew;
mod plan;
mod trouble;
mod verdict;
mod world;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

use crew::{Crew, lock};
use support::db::Db;
use world::Application;

/// Kills, freezes and cuts off the jobs at random instants, then proves that nothing was lost, done twice or half-written.
///
/// The seed decides the plan: which trouble, when, to which job, and what the application does. It does not decide how the
/// operating system and the database interleave the processes, so that a run can be repeated but not replayed: a fault may
/// take several runs with its seed to show again.
#[derive(Parser)]
struct Arguments {
    /// How long the trouble lasts; the drain comes on top
    #[arg(long, default_value_t = 1.5)]
    minutes: f64,
    /// The seed of the plan [default: drawn, and printed]
    #[arg(long)]
    seed: Option<u64>,
    /// sqlite or postgres
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    database: String,
    /// A program that restarts the server: its argument is fast or immediate
    #[arg(long, value_name = "PROGRAM")]
    restart: Option<String>,
    /// A program to look at a process that hangs: its argument is the process id
    #[arg(long, value_name = "PROGRAM")]
    on_hang: Option<String>,
}

fn main() -> ExitCode {
    // A test runner asks which tests there are: none, this is a program.
    if std::env::args().nth(1).is_none_or(|first| first == "--list") {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let length = Duration::from_secs_f64(arguments.minutes * 60.0);
    let postgres = arguments.database == "postgres";
    let plan = plan::draw(seed, length, postgres);
    println!("torture: {}, {} minutes, seed {seed}, {} events", arguments.database, arguments.minutes, plan.len());

    let db = if postgres { Db::postgres() } else { Db::sqlite() };
    world::prepare(&db);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let crew = Crew::new(folder.path(), arguments.on_hang);
    let application = Application::default();
    let (stop, quiet) = (AtomicBool::new(false), AtomicBool::new(false));
    let began = Instant::now();
    let done = std::thread::scope(|scope| {
        scope.spawn(|| application.play(&db, seed, &quiet));
        for place in 0..crew.len() {
            let (crew, db, stop) = (&crew, &db, &stop);
            scope.spawn(move || crew.work(place, db, seed, stop));
        }
        let done = trouble::make(&plan, &crew, &db, arguments.restart.as_deref());
        quiet.store(true, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        done
    });
    println!("trouble ended after {:.0} s, draining", began.elapsed().as_secs_f64());

    let mut faults = done.faults;
    faults.append(&mut lock(&crew.tally).faults);
    match verdict::drain(&db) {
        Ok(last_decay) => faults.extend(verdict::judge(&db, last_decay)),
        Err(why) => faults.push(why),
    }
    let mut counts: Vec<(&str, u64)> = done.counts.into_iter().collect();
    counts.extend(verdict::witnessed(&db));
    let tally = lock(&crew.tally);
    counts.push(("leases lost", tally.leases_lost));
    counts.push(("commits fenced", tally.claims_lost));
    report(&counts, &tally, &application);
    if length >= Duration::from_mins(1) {
        faults.extend(missing(&counts, postgres, length));
    }
    for fault in &faults {
        println!("FAULT {fault}");
    }
    println!("{} on {}: seed {seed}", if faults.is_empty() { "passed" } else { "FAILED" }, arguments.database);
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(counts: &[(&str, u64)], tally: &crew::Tally, application: &Application) {
    for (what, count) in counts {
        println!("  {what:<22}{count:>8}");
    }
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "  the application: {} players, {} conversations, {} messages more, {} scores raised, {} returns, {} writes refused",
        of(&application.players),
        of(&application.conversations),
        of(&application.messages),
        of(&application.raises),
        of(&application.returns),
        of(&application.refused)
    );
    for ((job, code), count) in &tally.exits {
        let code = code.map_or("killed".to_owned(), |code| format!("exit {code}"));
        println!("  {:<22}{code:<8}{count:>6}", job.name());
    }
}

/// A quiet run is not a good one: what was asked for and never happened.
fn missing(counts: &[(&str, u64)], postgres: bool, length: Duration) -> Vec<String> {
    let mut asked = vec![
        "kills",
        "freezes",
        "thaws",
        "terminations",
        "interrupts",
        "second signals",
        "dead runs closed",
        "recoveries",
        "leases lost",
        "taken by hand",
        "commits fenced",
        "provider outages",
        "provider failures",
        "processed",
        "charges",
    ];
    if postgres {
        asked.extend(["backends terminated", "fast restarts", "immediate restarts"]);
    }
    // These need a run that gets past its fault unharmed: likely in a short time, certain in a longer one.
    if length >= Duration::from_mins(3) {
        asked.extend(["provider hangs", "provider refusals"]);
    }
    let happened = |what: &str| counts.iter().any(|(name, count)| *name == what && *count > 0);
    asked.iter().filter(|what| !happened(what)).map(|what| format!("{what}: asked for, and never happened")).collect()
}
