//! What a person at a terminal sees: lines that fit, errors once, what acts on a terminal shown as its code, and which database it is about.

use crate::on_every_database;
use crate::support::bin::{Bin, Done, on_a_terminal, program};
use crate::support::db::Db;
use crate::support::seed::{NOW, backlog};

/// The commands that show something, as far as they need no more than a database.
const COMMANDS: [&str; 28] = [
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
    "failures",
    "failures --since 1d --stage extraction",
    "retry --failed --dry-run",
    "retry",
    "status --since 1d",
    "why 019b0000-0000-7000-8000-000000000000",
    "exec --job backup -- sh -c 'exit 3'",
    "schema nosuch",
];

/// Whether it leaves the database as it is.
fn only_looks(args: &str) -> bool {
    !args.contains("--force") && !["decay", "migrate"].contains(&args) && !args.starts_with("exec")
}

/// Failures with long words in their errors, one that waits, a run on a host with a long name, and one that is stuck.
fn trouble(db: &Db) {
    let ids = backlog(db, 4);
    let long = "extraction: openai/gpt-4o-mini at https://api.openai.com/v1/chat/completions answered 400: the maximum context length \
         is exceeded by this request, which was longer than whatever anybody had thought that a conversation of one player could be, \
         and no retry makes it any shorter";
    db.execute(&format!(
        "update conversations set status = 'failed', processing_attempts = 3, last_error = '{long}' where id in ('{}', '{}')",
        ids[0], ids[1]
    ));
    db.execute(&format!(
        "update conversations set processing_attempts = 1, last_error = 'memory_update: timed out', next_attempt_at = '2099-01-01T00:00:00.000000Z' \
         where id = '{}'",
        ids[2]
    ));
    db.execute(
        "insert into job_executions (job_name, status, host) values ('decay', 'running', 'some-host-of-ours.eu-central.compute.internal')",
    );
}

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
        trouble(db);
        for args in COMMANDS {
            for width in [80, 120] {
                let done = wide(width, args, db).env("NIKITA_REHEARSE", "summary=unavailable").done();
                for line in screen(&done) {
                    assert!(line.chars().count() <= width || is_one_word(&line), "{args} at {width}: {line:?}\n{}", done.stdout());
                }
            }
        }
    }

    fn no_word_is_broken_on_a_narrow_screen(db) {
        trouble(db);
        // Figures, times and ids differ from one look to the next.
        let words = |width, args: &str| {
            let lines = screen(&wide(width, args, db).done()).join("\n");
            let is_unit = |word: &str| ["s", "ms", "min", "h", "d", "ago"].contains(&word.trim_matches(|c: char| !c.is_alphabetic()));
            let words = lines.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()) && !is_unit(word));
            words.map(ToOwned::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        for args in COMMANDS.into_iter().filter(|args| only_looks(args)) {
            let whole = words(1000, args);
            for width in [60, 80, 120] {
                let broken: Vec<_> = words(width, args).difference(&whole).cloned().collect();
                assert!(broken.is_empty(), "{args} at {width}: {broken:?}\n{}", screen(&wide(width, args, db).done()).join("\n"));
            }
        }
    }

    fn failures_are_told_whole_words_with_both_times_and_a_dry_run_as_one(db) {
        trouble(db);
        let said = db.run(&["failures", "--format", "human"]).code(0).stdout();
        assert!(said.starts_with("3 conversations failed or are waiting for a retry\n"), "{said}");
        assert!((said.contains(" ago)") || said.contains("(now)")) && said.contains("2099-01-01 00:00 UTC (in "), "{said}");
        assert!(said.contains("the maximum context length") && said.contains('…'), "{said}");
        let dry = db.run(&["retry", "--failed", "--dry-run", "--format", "human"]).code(0).stdout();
        assert!(dry.starts_with("dry run, nothing was written: 2 conversations would have"), "{dry}");
        let done = db.run(&["retry", "--failed", "--format", "human"]).code(0).stdout();
        assert!(done.starts_with("2 conversations have all their attempts again"), "{done}");
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
    assert!(said.contains("UTC (in 50 min)") && said.contains("--force ignores the window"), "{said}");
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

/// clap would list the environment's variables there, as flags that one has to give.
#[test]
fn a_usage_line_names_nothing_that_was_not_typed() {
    let db = Db::sqlite();
    for args in [&["retry"][..], &["report"], &["decay", "--windwo", "5m"], &["retry", "--failed", "x"]] {
        let said = db.command(args).env("NIKITA_FORMAT", "human").done().code(2).stderr();
        assert!(said.contains(&format!("Usage: nikita-jobs {} ", args[0])), "{said}");
        assert!(!said.contains("--database-url"), "{said}");
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
    assert!(said.contains("--watch needs"), "{said}");
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
