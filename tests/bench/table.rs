//! What is to be measured, and what was.

use std::collections::BTreeMap;

/// A row of the table.
pub struct Row {
    pub id: &'static str,
    pub what: &'static str,
    pub against: &'static str,
    pub goal: Goal,
    /// Of the two sides.
    pub unit: &'static str,
}

#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// No goal: for orientation.
    Published,
}

use Goal::{AtLeast, AtMost, Published};

const fn row(id: &'static str, what: &'static str, against: &'static str, goal: Goal, unit: &'static str) -> Row {
    Row { id, what, against, goal, unit }
}

const PSQL: &str = "`psql -c 'select 1'` on the same connection";
const MINIMAL: &str = "`examples/minimal.rs`: connect, `select 1`, exit";
const FOLDED: &str =
    "the same claim, reads and writes in one prepared statement, by pgbench (`conversations_folded.sql`)";
const FEW: &str = "the same on 10 thousand rows";

pub const ROWS: [Row; 44] = [
    row("skip tcp", "a skipped run, start to exit, TCP with SCRAM", PSQL, AtMost(0.8), "ms"),
    row("skip socket", "a skipped run, start to exit, Unix socket", PSQL, AtMost(0.8), "ms"),
    row("skip tcp minimal", "a skipped run, TCP with SCRAM", MINIMAL, Published, "ms"),
    row("skip socket minimal", "a skipped run, Unix socket", MINIMAL, Published, "ms"),
    row("skip memory", "peak memory of a skipped run", MINIMAL, AtMost(2.0), "KiB"),
    row("tick sqlite", "processor time of a run that processes one conversation, SQLite", "50 ms", AtMost(1.0), "ms"),
    row("tick postgres", "the same, PostgreSQL", "45 ms", AtMost(1.0), "ms"),
    row("flow 1", "process-conversations, local providers, PostgreSQL, concurrency 1", FOLDED, AtLeast(0.5), "/s"),
    row("flow 10", "process-conversations, local providers, PostgreSQL, concurrency 10", FOLDED, AtLeast(0.5), "/s"),
    row(
        "claim",
        "the claim alone, 60,000 active conversations, 10 clients",
        "a hand-written claim by the partial index, on the same table, by pgbench (`claims_simple.sql`)",
        AtLeast(0.8),
        "/s",
    ),
    row(
        "claim bare",
        "the same",
        "the same on a table with nothing but its key and that index (`claims_bare.sql`)",
        Published,
        "/s",
    ),
    row("model postgres", "200 conversations, a model of 250 ms, concurrency 10, PostgreSQL", IDEAL, AtMost(1.05), "s"),
    row("model sqlite", "the same, SQLite", IDEAL, AtMost(1.05), "s"),
    row(
        "decay postgres",
        "decay, 1 million players, PostgreSQL",
        "hand-written SQL in psql, keyset chunks of 10,000, a transaction each (`decay_postgres.sql`)",
        AtMost(1.15),
        "s",
    ),
    row(
        "decay sqlite",
        "decay, 1 million players, SQLite",
        "hand-written SQL in sqlite3, WAL mode (`decay_sqlite.sql`)",
        AtMost(1.15),
        "s",
    ),
    row(
        "decay simplest",
        "decay, 200 thousand players, PostgreSQL",
        "the simplest statement that charges them: no watermark, no messages (`decay_simplest.sql`)",
        AtMost(1.2),
        "s",
    ),
    row("decay grows postgres", "decay, 1 million players, PostgreSQL", "100 × 10 thousand players", AtMost(1.15), "s"),
    row("decay grows sqlite", "decay, 1 million players, SQLite", "100 × 10 thousand players", AtMost(1.15), "s"),
    row(
        "decay grows sqlite by hand",
        "the hand-written SQL, 1 million players, SQLite",
        "100 × 10 thousand players",
        Published,
        "s",
    ),
    row("decay p99", "p99 of an application's updates while decay runs", "the same without decay", Published, "ms"),
    row("recover postgres", "recover, 10 stuck in 10 million rows, PostgreSQL", FEW, AtMost(1.3), "ms"),
    row(
        "scan postgres",
        "scan-stuck, 10 stuck audits and 10 runs in 10 million rows, PostgreSQL",
        FEW,
        AtMost(1.3),
        "ms",
    ),
    row("idle postgres", "process-conversations with nothing due, PostgreSQL", FEW, Published, "ms"),
    row("health postgres", "health, PostgreSQL", FEW, Published, "ms"),
    row("stats postgres", "stats, PostgreSQL", FEW, Published, "ms"),
    row("recover sqlite", "recover, 10 stuck in 10 million rows, SQLite", FEW, AtMost(1.3), "ms"),
    row("scan sqlite", "scan-stuck, 10 stuck audits and 10 runs in 10 million rows, SQLite", FEW, AtMost(1.3), "ms"),
    row("idle sqlite", "process-conversations with nothing due, SQLite", FEW, Published, "ms"),
    row("health sqlite", "health, SQLite", FEW, Published, "ms"),
    row("stats sqlite", "stats, SQLite", FEW, Published, "ms"),
    row("recover dead", "recover, a million dead rows under a pinned snapshot", BEFORE, Published, "ms"),
    row("scan dead", "scan-stuck, a million dead rows under a pinned snapshot", BEFORE, Published, "ms"),
    row("idle dead", "process-conversations, a million dead rows under a pinned snapshot", BEFORE, Published, "ms"),
    row("health dead", "health, a million dead rows under a pinned snapshot", BEFORE, Published, "ms"),
    row("stats dead", "stats, a million dead rows under a pinned snapshot", BEFORE, Published, "ms"),
    row("p99 eight", "claim p99, 8 processes at full speed", "1 process", Published, "ms"),
    row(
        "p99 pinned",
        "claim p99, 8 processes, last 10 s of 60 s with a pinned snapshot",
        "without it",
        Published,
        "ms",
    ),
    row("eight", "process-conversations, 8 processes on one backlog", "1 process", Published, "/s"),
    row(
        "four apart",
        "4 processes of one task each, the server on a processor of its own",
        "1 process",
        Published,
        "/s",
    ),
    row("sixteen apart", "16 of them", "1 process", Published, "/s"),
    row("memory flow", "peak memory, 10,000 conversations", "100 conversations", AtMost(1.2), "KiB"),
    row(
        "memory decay",
        "peak memory of decay, 1 million players, PostgreSQL",
        "10 thousand players",
        AtMost(1.2),
        "KiB",
    ),
    row(
        "memory decay sqlite",
        "peak memory of decay, 1 million players, SQLite",
        "100 thousand players, whose file is larger than the page cache, too",
        AtMost(1.2),
        "KiB",
    ),
    row("memory flow sqlite", "peak memory, 10,000 conversations, SQLite", "100 conversations", AtMost(1.2), "KiB"),
];

const IDEAL: &str = "the ideal: 20 times the critical path, which is three calls (extraction, embeddings, prompts)";
const BEFORE: &str = "before them";

/// What was measured.
#[derive(Default)]
pub struct Results {
    /// By row: what each pair had, ours first.
    pub pairs: BTreeMap<&'static str, Vec<(f64, f64)>>,
    /// Figures that are no ratios, in the order of their tables.
    pub figures: Vec<Figures>,
}

/// A table of figures.
pub struct Figures {
    pub title: &'static str,
    pub head: &'static [&'static str],
    pub lines: Vec<Vec<String>>,
}

impl Results {
    /// Adds a pair to a row.
    pub fn pair(&mut self, id: &'static str, ours: f64, theirs: f64) {
        assert!(ROWS.iter().any(|row| row.id == id), "{id} is no row");
        self.pairs.entry(id).or_default().push((ours, theirs));
        eprintln!("bench:   {id}: {ours:.3} / {theirs:.3} = {:.3}", ours / theirs);
    }

    /// Adds a line to a table of figures.
    pub fn figure(&mut self, title: &'static str, head: &'static [&'static str], line: Vec<String>) {
        eprintln!("bench:   {title}: {}", line.join(" "));
        match self.figures.iter_mut().find(|it| it.title == title) {
            Some(figures) => figures.lines.push(line),
            None => self.figures.push(Figures { title, head, lines: vec![line] }),
        }
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// The value that 99 of 100 do not exceed.
pub fn p99(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

/// A number with three digits that count.
pub fn short(value: f64) -> String {
    match value.abs() {
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

impl Row {
    /// The row as the page shows it.
    pub fn line(&self, results: &Results) -> String {
        let goal = match self.goal {
            AtMost(most) => format!("≤ {most} ×"),
            AtLeast(least) => format!("≥ {least} ×"),
            Published => "–".to_owned(),
        };
        let (what, against) = (self.what, self.against);
        let Some(pairs) = results.pairs.get(self.id) else {
            return format!("| {what} | {against} | {goal} | not measured | | | |");
        };
        let ratios: Vec<f64> = pairs.iter().map(|(ours, theirs)| ours / theirs).collect();
        let ratio = median(&ratios);
        let met = match self.goal {
            AtMost(most) if ratio <= most => "met",
            AtLeast(least) if ratio >= least => "met",
            Published => "",
            _ => "**not met**",
        };
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let side = |pick: fn(&(f64, f64)) -> f64| short(median(&pairs.iter().map(pick).collect::<Vec<_>>()));
        format!(
            "| {what} | {against} | {goal} | **{ratio:.2}** ({least:.2}..{most:.2}) | {} | {} {} : {} | {met} |",
            pairs.len(),
            side(|it| it.0),
            self.unit,
            side(|it| it.1)
        )
    }
}
