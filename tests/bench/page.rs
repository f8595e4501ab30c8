//! docs/benchmarks.md: the generated part between two markers, and whatever people have written around it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::Lab;
use crate::programs::{program, run};
use crate::table::{ROWS, Results};

const BEGIN: &str = "<!-- scripts/bench writes from here -->";
const END: &str = "<!-- to here -->";

/// The generated part.
pub fn write(lab: &Lab, results: &Results) -> String {
    let mut page = String::new();
    let first_line = |program_name: &str, argument: &str| {
        let ran = run(program(program_name).arg(argument), 0);
        ran.stdout.lines().next().unwrap_or_default().to_owned()
    };
    let proc = |file: &str, word: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(word)).unwrap_or_default();
        line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let git = |arguments: &[&str]| {
        run(program("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")), 0).stdout.trim().to_owned()
    };
    let changed = if git(&["status", "--porcelain", "--", "src", "migrations", "Cargo.toml", "Cargo.lock"]).is_empty() {
        ""
    } else {
        ", with changes that are not committed"
    };
    let lines = [
        ("when", first_line("date", "-I")),
        (
            "machine",
            format!("{cores} cores, {}, {}", proc("/proc/cpuinfo", "model name"), proc("/proc/meminfo", "MemTotal")),
        ),
        ("commit", format!("{}{changed}", git(&["log", "-1", "--format=%h, %ad", "--date=short"]))),
        ("PostgreSQL", lab.sql("postgres", "select version()")),
        ("SQLite", format!("the sqlite3 program {}, ours {}", first_line("sqlite3", "--version"), our_sqlite())),
        ("Rust", first_line("rustc", "--version")),
        ("server settings", lab.settings.lines().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ")),
        ("SQLite settings", "WAL, `synchronous = full`, on both sides".to_owned()),
        ("command", format!("`scripts/bench`, {} pairs a row where nothing else is said", lab.runs)),
    ];
    for (name, value) in lines {
        let _ = writeln!(page, "* {name}: {value}");
    }
    page += "\nA ratio is the median of the pairs' ratios, with the least and the greatest. The sides of a pair run one after the \
        other, and the pairs take turns (A B A B …). \"ours : theirs\" are the medians of the two sides.\n\n\
        | what | compared with | goal | ratio | pairs | ours : theirs | |\n|---|---|---|---|---|---|---|\n";
    for row in &ROWS {
        page += &row.line(results);
        page.push('\n');
    }
    for figures in &results.figures {
        let _ = write!(
            page,
            "\n### {}\n\n| {} |\n|{}\n",
            figures.title,
            figures.head.join(" | "),
            "---|".repeat(figures.head.len())
        );
        for line in &figures.lines {
            let _ = writeln!(page, "| {} |", line.join(" | "));
        }
    }
    page
}

fn our_sqlite() -> String {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap_or_default();
    let version = lock.split_once("name = \"libsqlite3-sys\"\nversion = \"").and_then(|(_, rest)| rest.split_once('"'));
    format!("by libsqlite3-sys {}", version.map_or("?", |(version, _)| version))
}

/// Puts it between the markers of docs/benchmarks.md; all around them stays.
pub fn keep(part: &str) {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    let old = fs::read_to_string(&file).expect("docs/benchmarks.md can be read");
    let (before, rest) = old.split_once(BEGIN).expect("docs/benchmarks.md has the first marker");
    let (_, after) = rest.split_once(END).expect("docs/benchmarks.md has the second marker");
    fs::write(&file, format!("{before}{BEGIN}\n\n{part}\n{END}{after}")).expect("docs/benchmarks.md can be written");
    eprintln!("bench: docs/benchmarks.md is written");
}
