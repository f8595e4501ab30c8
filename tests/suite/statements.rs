//! Every file of `src/store/sql` (spec 08, "SQL is SQL"): each can be prepared on its databases, of our own schema and of the
//! application's, and on PostgreSQL none reads through a large table.
//!
//! Two lines of a header are exceptions: `-- needs: THING` (prepared where it is there) and `-- scans: TABLE` (a scan is meant).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::application::{App, Place, Schema};
use crate::support::db::Db;

struct File {
    name: String,
    /// Their names and types.
    parameters: Vec<(String, String)>,
    needs: Vec<String>,
    scans: Vec<String>,
    /// With numbers in place of names.
    text: String,
}

/// The files of a dialect and the common ones.
fn files(dialect: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql");
    let mut paths: Vec<_> = [dialect, "common"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("the folder can be read"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "sql"))
        .collect();
    paths.sort();
    let marker = if dialect == "postgres" { '$' } else { '?' };
    paths.iter().map(|path| read(path, marker)).collect()
}

fn read(path: &Path, marker: char) -> File {
    let source = fs::read_to_string(path).expect("a statement in UTF-8");
    let header: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("--")).map(str::trim).collect();
    let parameters: Vec<(String, String)> = header
        .iter()
        .filter_map(|line| line.strip_prefix(':')?.split_once(char::is_whitespace))
        .map(|(name, rest)| {
            let kind = rest.trim_start().split("   ").next().unwrap_or_default();
            (name.to_owned(), kind.split(',').next().unwrap_or_default().trim().to_owned())
        })
        .collect();
    let exceptions = |word: &str| -> Vec<String> {
        let said = header.iter().filter_map(|line| line.strip_prefix(word));
        said.map(|rest| rest.split([' ', ',']).find(|it| !it.is_empty()).unwrap_or_default().to_owned()).collect()
    };
    let body: Vec<&str> = source.lines().skip(header.len()).collect();
    File {
        name: path.file_stem().and_then(|it| it.to_str()).expect("a name").to_owned(),
        text: numbered(&body.join("\n"), &parameters, marker),
        needs: exceptions("needs:"),
        scans: exceptions("scans:"),
        parameters,
    }
}

/// As `build.rs` numbers them.
fn numbered(body: &str, parameters: &[(String, String)], marker: char) -> String {
    let (mut text, mut rest) = (String::new(), body);
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name: String = rest[first.len_utf8()..].chars().take_while(|&c| is_word(c)).collect();
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            ':' if !name.is_empty() => {
                let place = parameters.iter().position(|it| it.0 == name).expect("a parameter of the header");
                text.push(marker);
                text += &(place + 1).to_string();
                rest = &rest[1 + name.len()..];
                continue;
            }
            _ => first.len_utf8(),
        };
        text += &rest[..length];
        rest = &rest[length..];
    }
    text
}

/// What is wrong with preparing each; tables are made in a transaction that is rolled back.
fn unprepared(db: &Db, dialect: &str, has: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files(dialect).iter().filter(|file| file.needs.iter().all(|it| has.contains(&it.as_str()))) {
        let makes = file.text.trim_start().starts_with("create ");
        let sql = if makes {
            format!("begin; drop table if exists demo_players; {}\n; rollback", file.text)
        } else if dialect == "sqlite" {
            // The temporary table of decay is the connection's own.
            format!(
                "create temp table decay_owed (player integer primary key, id, chapter, telegram_id, notifications_enabled, \
                     before integer, amount integer, through integer, step integer); explain {}",
                file.text
            )
        } else {
            let types: Vec<_> = file.parameters.iter().map(|it| it.1.as_str()).collect();
            let types = if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
            // On a line of its own: a file may end with a comment.
            format!("prepare it{types} as {}\n; deallocate it", file.text)
        };
        if let Err(error) = db.try_execute(&sql) {
            faults.push(format!("{}: {error}", file.name));
        }
    }
    faults
}

#[test]
fn every_file_can_be_prepared_on_sqlite() {
    let db = Db::sqlite();
    db.run(&["status"]).code(0);
    db.run(&["recover"]).code(0);
    db.execute("create table demo_players (user_id text primary key, name text not null)");
    let faults = unprepared(&db, "sqlite", &["decay_owed", "demo_players"]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_can_be_prepared_on_postgres() {
    let faults = unprepared(&Db::postgres(), "postgres", &[]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_can_be_prepared_with_pgvector() {
    let faults = unprepared(&Db::pgvector(), "postgres", &["pgvector"]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_can_be_prepared_on_the_applications_tables() {
    for schema in [Schema::Baseline, Schema::Current, Schema::Odd] {
        let app = App::new(schema, Place::Plain);
        app.migrate(&[]).code(0);
        let faults = unprepared(&app.db, "postgres", &[]);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// Values that a run would bind; a type's own where a name has none.
fn value(name: &str, kind: &str) -> &'static str {
    match (name, kind) {
        ("since", _) => "timestamptz '2026-11-15 12:00Z'",
        ("cutoff", _) => "timestamptz '2026-11-18 11:45Z'",
        ("rollout", _) => "100",
        ("job", _) => "'decay'",
        ("cost_usd", _) => "'0.01'",
        ("from", _) => "'00000000-0000-0000-0000-000000000000'",
        ("after_id" | "after_at" | "after_began" | "clock" | "turn_begins" | "turn_id" | "not_before", _) => "null",
        (_, "timestamptz") => "timestamptz '2026-11-18 12:00Z'",
        (_, "bigint") => "100",
        (_, "integer") => "3",
        (_, "double precision") => "1800",
        (_, "numeric" | "real") => "1",
        (_, "uuid") | ("id" | "conversation" | "token" | "player", "text") => "'00000000-0000-0000-0000-000000000001'",
        (_, "uuid[]") => "array['00000000-0000-0000-0000-000000000001'::uuid]",
        (_, "text" | "jsonb") => "'[]'",
        (_, "boolean") => "false",
        (_, "date") => "date '2026-11-18'",
        _ => "null",
    }
}

/// Small tables of ours; what is read through there costs nothing.
const SMALL: [&str; 4] = ["provider_lessons", "job_leases", "nikita_jobs_migrations", "provider_breakers"];

/// The planner is told that each table is five hundred times what it is, by its own statistics of real rows.
#[test]
fn no_statement_reads_through_a_large_table() {
    let db = Db::postgres();
    db.execute(include_str!("statements/large.sql"));
    let mut faults = BTreeMap::new();
    for file in
        files("postgres").iter().filter(|file| file.needs.is_empty() && !file.text.trim_start().starts_with("create "))
    {
        let types: Vec<_> = file.parameters.iter().map(|it| it.1.as_str()).collect();
        let values: Vec<_> = file.parameters.iter().map(|(name, kind)| value(name, kind)).collect();
        let (types, values) = if types.is_empty() {
            (String::new(), String::new())
        } else {
            (format!("({})", types.join(", ")), format!("({})", values.join(", ")))
        };
        let sql = format!(
            "set plan_cache_mode = force_custom_plan; set jit = off; prepare it{types} as {}\n; explain execute it{values}; deallocate it",
            file.text
        );
        let plan = db.try_rows(&sql).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        let read_through: BTreeSet<_> = plan
            .iter()
            .filter_map(|row| row[0].split_once("Seq Scan on ")?.1.split_whitespace().next())
            .filter(|table| {
                !table.starts_with("pg_") && !SMALL.contains(table) && !file.scans.iter().any(|it| it == table)
            })
            .collect();
        if !read_through.is_empty() {
            faults.insert(file.name.clone(), format!("{read_through:?}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
