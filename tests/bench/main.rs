//! The benchmarks: the released binary against what a reader can repeat, in pairs that take turns, on one machine in one go.
//!
//! `scripts/bench` runs it with a PostgreSQL of its own; the other sides are in `benches/sql` and `examples`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool: it reads the clock and prints"
)]

mod claim;
mod crowd;
mod decay;
mod flow;
mod lab;
mod memory;
mod model;
mod page;
mod programs;
mod startup;
mod stuck;
mod table;
mod tick;
#[path = "../suite/support/wait.rs"]
mod wait;

use std::process::ExitCode;

use clap::Parser;

use lab::Lab;
use table::Results;

/// A family of rows: its name on the command line, and what measures it.
type Family = (&'static str, fn(&Lab, &mut Results));

const FAMILIES: [Family; 9] = [
    ("startup", startup::measure),
    ("tick", tick::measure),
    ("flow", flow::measure),
    ("claim", claim::measure),
    ("model", model::measure),
    ("decay", decay::measure),
    ("stuck", stuck::measure),
    ("crowd", crowd::measure),
    ("memory", memory::measure),
];

/// Measures the released binary against hand-written SQL and the like, prints a table, and writes docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    /// Which rows: startup, tick, flow, claim, model, decay, stuck, crowd, memory [default: all]
    rows: Vec<String>,
    /// Small sizes: prints, and writes nothing
    #[arg(long)]
    quick: bool,
    /// How many pairs a ratio is the median of
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

fn main() -> ExitCode {
    // A test runner asks which tests there are: none, this is a program.
    if std::env::args().nth(1).is_none_or(|first| first != "run") {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse_from(std::env::args().skip(1));
    if let Some(unknown) = arguments.rows.iter().find(|row| !FAMILIES.iter().any(|(name, _)| name == row)) {
        eprintln!("{unknown:?} is no row; --help lists them");
        return ExitCode::from(2);
    }
    let lab = Lab::open(arguments.quick, arguments.runs.max(1));
    let mut results = Results::default();
    for (name, measure) in FAMILIES {
        if arguments.rows.is_empty() || arguments.rows.iter().any(|row| row == name) {
            measure(&lab, &mut results);
        }
    }
    let page = page::write(&lab, &results);
    println!("{page}");
    if !arguments.quick {
        page::keep(&page);
    }
    ExitCode::SUCCESS
}
