//! What a person at a terminal sees: lines that fit, errors once, what acts on a terminal shown as its code, and which database it is about.

use crate::on_every_database;
use crate::support::bin::{Bin, Done, on_a_terminal, program};
use crate::support::db::Db;
use crate::support::seed::{NOW, backlog};

/// The commands that show something, as far as they need no more than a database.
const COMMANDS: [&str; 20] = [
    "health",
    "stats",
    "status",
    "check",
    "doctor",
    "migrate",
    "decay",
    "decay --dry-run",
    "decay --window soon",
    "decay --windwo 5m",
    "process-conversations --force",
    "process-conversations --dry-run",
    "recover --force",
    "recover --dry-run",
    "scan-stuck --force",
    "scan-stuck --dry-run",
    "status 019b0000-0000-7000-8000-000000000000",
    "prompt render --user 019b0000-0000-7000-8000-000000000000",
    "detect-stuck",
    "completions bsh",
];

/// A terminal of this width.
fn wide(width: usize, args: &str, db: &Db) -> Bin {
    let binary = crate::support::bin::path().display();
    let script = format!("stty cols {width} rows 50; exec '{binary}' {args}");
    program(std::path::Path::new("script"))
        .args(&["-qec", &script, "/dev/null"])
        .env("TERM", "xterm")
        .env("DATABASE_URL", &db.url)
}

/// The lines as they stay on the screen.
fn screen(done: &Done) -> Vec<String> {
    let mut plain = String::new();
    let said = done.stdout();
    let mut parts = said.split("\x1b[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default());
    }
    plain
        .split('\n')
        .map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default().to_owned())
        .collect()
}

/// Whether one word fills the line, so that there is no place to break it.
fn is_one_word(line: &str) -> bool {
    line.split_whitespace().count() <= 2
}

on_every_database! {
    fn lines_fit_the_screen_whatever_is_shown(db) {
        backlog(db, 3);
        for args in COMMANDS {
            for width in [80, 120] {
                let done = wide(width, args, db).env("NIKITA_REHEARSE", "summary=unavailable").done();
                for line in screen(&done) {
                    assert!(line.chars().count() <= width || is_one_word(&line), "{args} at {width}: {line:?}\n{}", done.stdout());
                }
            }
        }
    }

    fn the_screen_says_which_database_was_looked_at(db) {
        let file = if db.is_postgres() { "database postgres://" } else { "database sqlite:/" };
        for args in ["health", "stats", "status", "check", "decay --dry-run", "migrate", "migrate --plan"] {
            let said = screen(&wide(200, args, db).done()).join("\n");
            assert!(said.contains(file) && said.contains(", by DATABASE_URL (the environment)"), "{args}: {said}");
            let hidden = db.url.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            assert!(hidden.is_none_or(|(credentials, _)| !said.contains(credentials)), "{said}");
            assert!(!db.run(&args.split(' ').collect::<Vec<_>>()).stderr().contains("database "), "not elsewhere");
        }
        let said = screen(&wide(200, "health -q", db).done()).join("\n");
        assert!(!said.contains("database "), "{said}");
    }

    fn what_acts_on_a_terminal_is_shown_as_its_code(db) {
        let odd = "a\u{1b}[2Jb\u{9b}1mc\u{202e}d";
        let quoted = odd.replace('\'', "");
        db.execute(&format!(
            "insert into job_executions (job_name, status, completed_at, host, result) values ('{quoted}', 'failed', '2020-01-01T00:00:00.000000Z', '{quoted}', \
             '{{\"error\":{{\"message\":\"x\\u001b[2Jy\\nz\\u009b\\u202e\"}}}}')"
        ));
        for args in ["status", "stats", "stats --since 9000d"] {
            for done in [wide(120, args, db).done(), db.run(&format!("{args} --format human").split(' ').collect::<Vec<_>>()), db.run(&args.split(' ').collect::<Vec<_>>())] {
                let said = done.all();
                for active in ["\u{1b}[2J", "\u{9b}", "\u{202e}"] {
                    assert!(!said.contains(active), "{args}: {said:?}");
                }
            }
        }
        assert!(db.run(&["status", "--format", "human"]).stdout().contains("2Jy z"), "and on one line");
    }
}

#[test]
fn an_error_is_told_once() {
    let db = Db::sqlite();
    for args in
        ["status 019b0000-0000-7000-8000-000000000000", "decay --window soon", "health --database-url mysql://x"]
    {
        let said = screen(&wide(400, args, &db).done()).join("\n");
        let lines = said.lines().filter(|line| line.contains("error") || line.contains("ERROR")).count();
        assert_eq!(lines, 1, "{args}: {said}");
    }
    // Where the log goes elsewhere, it has the error as well.
    let done = db.run(&["status", "019b0000-0000-7000-8000-000000000000", "--format", "human"]).code(1);
    assert!(done.stderr().contains("there is no execution") && done.stdout().contains("there is no execution"));
}

#[test]
fn a_skip_names_the_way_out_and_when_it_ends_by_itself() {
    let db = Db::sqlite();
    db.run(&["decay", "--now", NOW]).code(0);
    let said = db.run(&["decay", "--now", NOW, "--format", "human"]).code(75).stdout();
    assert!(said.contains("UTC (in 50 min)") && said.contains("--force runs it now"), "{said}");
    let off = db.command(&["process-conversations", "--format", "human"]).env("UNIFIED_PIPELINE_ENABLED", "no");
    assert!(off.done().code(75).stdout().contains("--pipeline-enabled true runs it now"));
}

#[test]
fn times_are_absolute_and_relative() {
    let db = Db::sqlite();
    let run = db.run(&["decay", "--now", NOW]).code(0).json();
    let id = run["execution_id"].as_str().unwrap();
    for args in [&["status", "--format", "human"][..], &["status", id, "--format", "human"]] {
        let said = db.run(args).code(0).stdout();
        assert!(said.contains(" UTC (") && said.contains(" ago)"), "{said}");
    }
}

/// No colour, no cursor that moves.
#[test]
fn a_dumb_terminal_gets_lines() {
    let db = Db::sqlite();
    backlog(&db, 2);
    for args in ["process-conversations --force", "status", "doctor", "--help", "decay --windwo"] {
        let said = wide(80, args, &db).env("TERM", "dumb").done().stdout();
        assert!(!said.contains('\x1b') && !said.replace("\r\n", "").contains('\r'), "{args}: {said:?}");
    }
    let said = wide(80, "status --watch", &db).env("TERM", "dumb").done().code(2).stdout();
    assert!(said.contains("--watch is for"), "{said}");
}

#[test]
fn help_is_a_command_too() {
    let help = |args: &[&str]| crate::support::bin::command(args).done();
    assert_eq!(help(&["help"]).code(0).stdout(), help(&["--help"]).code(0).stdout());
    assert_eq!(help(&["help", "decay"]).code(0).stdout(), help(&["decay", "--help"]).code(0).stdout());
    let said = help(&["help", "dcay"]).code(2).stderr();
    assert!(said.contains("'decay'"), "{said}");
    assert!(on_a_terminal("help recover").done().code(0).stdout().contains("--requeue"));
}
