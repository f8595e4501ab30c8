//! The rules of `docs/ARCHITECTURE.md` that a machine can check, read off the source text.
//!
//! This reads tokens, not Rust: a path that a macro puts together and a renamed import go unseen. For the clock and the dice,
//! `clippy.toml` sees those too. Comments are never looked at, strings only for SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

/// The layers from the top, and what each may use besides itself.
const LAYERS: [(&str, &[&str]); 10] = [
    ("cli", &["jobs", "monitor", "run", "store", "providers", "config", "core", "domain", "clock"]),
    ("jobs", &["run", "store", "providers", "config", "core", "domain", "clock"]),
    ("monitor", &["providers", "config", "core", "domain", "clock"]),
    ("run", &["store", "providers", "config", "core", "domain", "clock"]),
    ("store", &["config", "core", "domain", "clock"]),
    ("providers", &["config", "core", "domain", "clock"]),
    ("config", &["core", "domain"]),
    ("core", &["domain"]),
    ("clock", &["domain"]),
    ("domain", &[]),
];
/// What `core` and `domain` must not use, as the beginning of a path.
const IMPURE: [&str; 7] = ["sqlx", "tokio", "reqwest", "std::env", "std::fs", "std::net", "std::time::SystemTime"];
/// What only `clock` may use, as the end of a path.
const CHANCE: [&str; 7] =
    ["Utc::now", "Local::now", "SystemTime::now", "Instant::now", "new_v4", "now_v7", "thread_rng"];
const MOST_LINES: usize = 400;

#[path = "architecture/arguments.rs"]
mod arguments;
#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/leases.rs"]
mod leases;
#[path = "architecture/lists.rs"]
mod lists;

#[test]
fn imports_go_downward() {
    none(upward);
}

#[test]
fn core_and_domain_do_no_io() {
    none(impure);
}

#[test]
fn the_clock_and_the_dice_are_in_one_file() {
    none(clock_and_dice);
}

#[test]
fn sql_is_in_the_store() {
    none(sql);
}

#[test]
fn long_sql_is_a_file() {
    none(long_sql);
}

#[test]
fn no_sql_is_put_together() {
    none(built_sql);
}

#[test]
fn files_are_short() {
    none(too_long);
}

#[test]
fn migrations_come_in_pairs() {
    let names = |dialect: &str| -> BTreeSet<_> {
        let entries = fs::read_dir(root().join("migrations").join(dialect)).expect("the folder can be read");
        entries.map(|entry| entry.expect("an entry").file_name()).collect()
    };
    let (postgres, sqlite) = (names("postgres"), names("sqlite"));
    let alone: Vec<_> = postgres.symmetric_difference(&sqlite).collect();
    assert!(alone.is_empty() && !postgres.is_empty(), "in one of the two folders only: {alone:?}");
}

#[test]
fn migrations_name_the_same_binaries_in_both_folders() {
    let needs = |dialect: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join("migrations").join(dialect)).expect("the folder can be read");
        let files = entries.map(|entry| entry.expect("an entry").path());
        let line = |file: PathBuf| {
            let sql = fs::read_to_string(&file).expect("a text");
            let needs = sql.lines().find_map(|line| line.strip_prefix("-- needs: "))?.to_owned();
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(needs.len() == 4 && needs <= name, "{name}: `needs: {needs}` is no earlier migration");
            Some(format!("{name} needs {needs}"))
        };
        files.filter_map(line).collect()
    };
    assert_eq!(needs("postgres"), needs("sqlite"));
}

/// Conditions that several statements must hold in the same words (`src/store/sql/mod.rs`).
#[test]
fn marked_blocks_of_one_name_are_equal() {
    for dialect in ["postgres", "sqlite"] {
        let mut blocks: BTreeMap<String, (String, String)> = BTreeMap::new();
        for folder in [dialect, "common"] {
            for entry in fs::read_dir(root().join("src/store/sql").join(folder)).expect("the folder can be read") {
                let path = entry.expect("an entry").path();
                if path.extension().is_none_or(|extension| extension != "sql") {
                    continue;
                }
                let name = path.display().to_string();
                for (block, text) in marked_blocks(&name, &fs::read_to_string(&path).expect("a statement")) {
                    let (first, told) = blocks.entry(block.clone()).or_insert_with(|| (name.clone(), text.clone()));
                    assert_eq!(*told, text, "[{block}] differs between {first} and {name}");
                }
            }
        }
    }
}

/// What stands between `-- [name]` and `-- [/name]`, white space folded; blocks may hold others.
fn marked_blocks(file: &str, source: &str) -> Vec<(String, String)> {
    let (mut open, mut closed): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        let mark = line.strip_prefix("-- [").and_then(|mark| mark.strip_suffix(']'));
        if let Some(name) = mark.and_then(|mark| mark.strip_prefix('/')) {
            let block = open.pop().unwrap_or_else(|| panic!("{file}: [/{name}] closes nothing"));
            assert_eq!(block.0, name, "{file}: [/{name}] closes another block");
            closed.push(block);
            continue;
        }
        for (_, text) in &mut open {
            let words = line.split_whitespace().flat_map(|word| [word, " "]);
            text.extend(words);
        }
        if let Some(name) = mark {
            open.push((name.to_owned(), String::new()));
        }
    }
    assert!(open.is_empty(), "{file}: a block is never closed");
    closed
}

/// Fails with one fault a line.
fn none(faults: fn(&Source) -> Vec<String>) {
    let mut faults: Vec<String> = tree().iter().flat_map(faults).collect();
    faults.sort();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn upward(source: &Source) -> Vec<String> {
    let Some(layer) = source.layer() else { return vec![] };
    let Some((_, may_use)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{}: `{layer}` has no place among the layers", source.name)];
    };
    source.faults(|path| {
        let target = path.strip_prefix("crate::")?.split("::").next()?;
        let allowed = target == layer || may_use.contains(&target);
        (!allowed).then(|| format!("{layer} must not use crate::{target}"))
    })
}

fn impure(source: &Source) -> Vec<String> {
    let pure = ["core", "domain"].map(Some).contains(&source.layer());
    let found = |path: &str| IMPURE.iter().find(|it| format!("{path}::").starts_with(&format!("{it}::"))).copied();
    source.faults(|path| pure.then(|| found(path))?.map(|it| format!("{it} does I/O")))
}

fn clock_and_dice(source: &Source) -> Vec<String> {
    let elsewhere = source.layer() != Some("clock");
    let found = |path: &str| CHANCE.iter().find(|it| format!("::{path}").ends_with(&format!("::{it}"))).copied();
    source.faults(|path| elsewhere.then(|| found(path))?.map(|it| format!("{it} belongs in src/clock.rs")))
}

fn sql(source: &Source) -> Vec<String> {
    let elsewhere = source.layer() != Some("store");
    let found = source.tokens.iter().filter(|(_, token)| elsewhere && is_statement(token));
    found.map(|(line, _)| format!("{}:{line}: SQL belongs in src/store", source.name)).collect()
}

/// Whether a string begins as a statement. Statements are written in one case; "Select a job" is help.
fn is_statement(token: &str) -> bool {
    let mut words = token.strip_prefix('"').into_iter().flat_map(str::split_whitespace).filter(|word| *word != "\\");
    match words.next() {
        Some("select" | "SELECT") => words.next().is_some(),
        Some("insert" | "INSERT") => words.next().is_some_and(|it| it.eq_ignore_ascii_case("into")),
        Some("delete" | "DELETE") => words.next().is_some_and(|it| it.eq_ignore_ascii_case("from")),
        Some("update" | "UPDATE") => words.any(|it| it.eq_ignore_ascii_case("set")),
        _ => false,
    }
}

/// What a statement in a source may be at most: beyond it, it is a file of `src/store/sql`.
const MOST_SQL: (usize, usize) = (3, 120);

fn long_sql(source: &Source) -> Vec<String> {
    let awaited = BUILDS_SQL.contains(&source.name.as_str());
    let long = source.tokens.iter().filter(|(_, token)| {
        let words = token.split_whitespace().filter(|word| *word != "\\");
        let length = words.map(|word| word.len() + 1).sum::<usize>();
        !awaited && is_any_sql(token) && (token.lines().count() > MOST_SQL.0 || length > MOST_SQL.1)
    });
    long.map(|(line, _)| format!("{}:{line}: a long statement is a file of src/store/sql", source.name)).collect()
}

/// The one place that builds SQL (spec 09, "Adoption"), with the migration that uses it, and two that become files with the waits.
const BUILDS_SQL: [&str; 5] = [
    "src/store/columns.rs",
    "src/store/migrate/gently.rs",
    "src/store/migrate/indexes.rs",
    "src/store/runs.rs",
    "src/store/precheck.rs",
];

/// SQL in the arguments of `concat!` and `format!`, and in macros.
fn built_sql(source: &Source) -> Vec<String> {
    let (mut faults, mut at) = (vec![], 0);
    while !BUILDS_SQL.contains(&source.name.as_str()) && at < source.tokens.len() {
        let makes = ["concat", "format", "macro_rules"].contains(&source.token(at)) && source.token(at + 1) == "!";
        let rules = makes && source.token(at) == "macro_rules";
        at += 1;
        if !makes {
            continue;
        }
        let mut depth = 0;
        for (line, token) in &source.tokens[at..] {
            match token.as_str() {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth -= 1,
                token if is_any_sql(token) || !rules && is_part_of_sql(token) => {
                    faults.push(format!("{}:{line}: SQL is written out, in a file of src/store/sql", source.name));
                }
                _ => {}
            }
            if depth == 0 && matches!(token.as_str(), ")" | "}" | "]") {
                break;
            }
        }
    }
    faults
}

/// As [`is_statement`], and what begins in other ways.
fn is_any_sql(token: &str) -> bool {
    let mut words = token.strip_prefix('"').into_iter().flat_map(str::split_whitespace).filter(|word| *word != "\\");
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    is_statement(token)
        || first == "with" && words.next() == Some("as")
        || first == "create" && ["table", "index", "unique", "temp", "function", "schema"].contains(&second)
        || first == "alter" && second == "table"
}

/// Whether a string looks as if it were cut from a statement.
fn is_part_of_sql(token: &str) -> bool {
    let words: Vec<_> = token.trim_start_matches('"').split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    has("select") && has("from") || has("from") && has("where") || has("where") && has("=") || has("order") && has("by")
}

fn too_long(source: &Source) -> Vec<String> {
    let fault = format!("{}: {} lines, at most {MOST_LINES}", source.name, source.lines);
    if source.lines > MOST_LINES { vec![fault] } else { vec![] }
}

fn root() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| option_env!("CARGO_MANIFEST_DIR").unwrap_or(".").into(), PathBuf::from)
}

fn tree() -> Vec<Source> {
    let (mut folders, mut sources) = (vec![PathBuf::from("src")], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("the folder can be read") {
            let name = folder.join(entry.expect("an entry").file_name());
            if root().join(&name).is_dir() {
                folders.push(name);
            } else if name.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(root().join(&name)).expect("source is UTF-8");
                sources.push(Source::new(&name.to_string_lossy(), &text));
            }
        }
    }
    let lost = LAYERS.iter().find(|(layer, _)| sources.iter().all(|source| source.layer() != Some(layer)));
    assert_eq!(lost, None, "every layer has a file in {}", root().display());
    sources
}

/// A file of `src/`.
struct Source {
    name: String,
    /// Its place among the modules, such as `["store", "runs"]`; empty for `lib.rs` and `main.rs`.
    module: Vec<String>,
    lines: usize,
    tokens: Vec<(usize, String)>,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        let parts = name.trim_start_matches("src/").trim_end_matches(".rs").split('/');
        let module = parts.filter(|part| !["mod", "lib", "main"].contains(part)).map(Into::into).collect();
        Self { name: name.into(), module, lines: text.lines().count(), tokens: tokens(text) }
    }

    fn layer(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |(_, token)| token)
    }

    /// What is wrong with the paths in the code, each with its place.
    fn faults(&self, fault: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let place = |(line, path, _): (usize, String, bool)| Some(format!("{}:{line}: {}", self.name, fault(&path)?));
        self.paths().into_iter().filter_map(place).collect()
    }

    /// The paths in the code: their lines, the paths from the root where they are ours, and whether they stand in a module within the file.
    fn paths(&self) -> Vec<(usize, String, bool)> {
        let (mut all, mut at, mut braces, mut modules) = (vec![], 0, 0, vec![]);
        while at < self.tokens.len() {
            match self.token(at) {
                "use" => at += 1,
                "mod" if self.token(at + 2) == "{" => modules.push(braces),
                "{" => braces += 1,
                "}" => {
                    braces -= 1;
                    modules.pop_if(|begun_at| *begun_at == braces);
                }
                _ => {}
            }
            let mut paths = vec![];
            let next = self.path(at, "", &mut paths);
            let depth = modules.len();
            all.extend(paths.into_iter().map(|(line, path)| (line, self.rooted(&path, depth), depth > 0)));
            at = next.max(at + 1);
        }
        all
    }

    /// The same path with `crate` in front of it, where it is said relative to a place so deep in this file.
    fn rooted(&self, path: &str, depth: usize) -> String {
        if let Some(rest) = path.strip_prefix("nikita_jobs::") {
            return format!("crate::{rest}");
        }
        let mut here: Vec<&str> = self.module.iter().map(String::as_str).collect();
        here.resize(here.len() + depth, "_");
        let (mut rest, mut is_ours) = (path, false);
        if let Some(below) = rest.strip_prefix("self::") {
            (rest, is_ours) = (below, true);
        }
        while let Some(above) = rest.strip_prefix("super::") {
            (rest, is_ours) = (above, true);
            here.pop();
        }
        if is_ours {
            ["crate"].into_iter().chain(here).chain([rest]).collect::<Vec<_>>().join("::")
        } else {
            path.to_owned()
        }
    }

    /// Reads the path, or the tree of a `use`, that begins at a token; where it ends.
    fn path(&self, mut at: usize, before: &str, paths: &mut Vec<(usize, String)>) -> usize {
        let mut path = before.to_owned();
        loop {
            let token = self.token(at);
            if token == "{" && path.ends_with("::") {
                at += 1;
                while !["}", ""].contains(&self.token(at)) {
                    at = self.path(at, &path, paths).max(at + 1);
                }
                return at + 1;
            }
            if !(token.starts_with(is_word) || token == "*" && path.ends_with("::")) {
                return at;
            }
            path += token;
            at += 1;
            if self.token(at) != "::" || self.token(at + 1) == "<" {
                paths.push((self.tokens[at - 1].0, path));
                return if self.token(at) == "as" { at + 2 } else { at };
            }
            path += "::";
            at += 1;
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words, marks and strings of a source with their lines; a string begins with `"`. Comments and characters are left out.
fn tokens(source: &str) -> Vec<(usize, String)> {
    let (mut tokens, mut rest, mut line) = (vec![], source, 1);
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let prefix = if ["r", "b", "c", "br", "cr"].contains(&&rest[..word]) { &rest[..word] } else { "" };
        let raw = prefix.ends_with('r');
        let hashes = rest[prefix.len()..].chars().take_while(|c| raw && *c == '#').count();
        let (length, token) = if let Some(text) = rest[prefix.len() + hashes..].strip_prefix('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let end = if raw { text.find(&close) } else { closing(text, '"') }.expect("a string ends");
            (rest.len() - text.len() + end + close.len(), format!("\"{}", &text[..end]))
        } else if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), String::new())
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), String::new())
        } else if let Some(text) = rest.strip_prefix('\'') {
            // A lifetime has no quote behind its first character.
            let is_character = text.starts_with('\\') || text.chars().nth(1) == Some('\'');
            (if is_character { closing(text, '\'').expect("a character ends") + 2 } else { 1 }, String::new())
        } else {
            let length = if word > 0 { word } else { first.len_utf8() + usize::from(rest.starts_with("::")) };
            (length, rest[..length].trim().to_owned())
        };
        if !token.is_empty() {
            tokens.push((line, token));
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// Where the next `mark` is that no backslash escapes. What stands in for the escaped is as long as they are.
fn closing(text: &str, mark: char) -> Option<usize> {
    text.replace("\\\\", "..").replace(&format!("\\{mark}"), "..").find(mark)
}

#[test]
fn the_detector_sees_what_it_should() {
    type Rule = fn(&Source) -> Vec<String>;
    let long = "\n".repeat(MOST_LINES + 1);
    let cases: [(Rule, &str, &str, usize); 32] = [
        (upward, "store/a.rs", "use crate::run::Run;", 1),
        (upward, "store/a.rs", "use crate::{domain::ids, jobs, providers::{local, rehearsal as r}};", 3),
        (upward, "jobs/a.rs", "fn f() { crate::cli::main(); }", 1),
        (upward, "core/a.rs", "pub use super::super::store::Store;", 1),
        (upward, "core/a.rs", "mod tests { use super::super::super::config; } use super::store;", 1),
        (upward, "domain/mod.rs", "macro_rules! m { () => { $crate::clock::start() } } use nikita_jobs::core;", 2),
        (upward, "config/a.rs", "use crate::*;", 1),
        (upward, "helpers.rs", "", 1),
        (upward, "run/a.rs", "use crate::store::{self, runs::Lease}; pub(in crate::run) use super::error;", 0),
        (upward, "core/a.rs", "//! [`crate::cli`]\n/* crate::run */ let a = \"crate::jobs\"; // crate::store", 0),
        (upward, "core/a.rs", "fn f<'a>(a: &'a str) { ['\"', '\\'', 'x'] } use crate::cli;", 1),
        (upward, "core/a.rs", "let a = \"\\\\\"; use crate::cli; let b = br\"\\\"; use crate::run;", 2),
        (impure, "core/a.rs", "use std::{env, fs::File, time::{Duration, SystemTime}};", 3),
        (impure, "domain/a.rs", "let r#type: &'static str = tokio::<u8>(); use ::reqwest::Client; use sqlx;", 3),
        (impure, "core/a.rs", "include_str!(\"tokio\"); use std::env_like; use std::time::Duration;", 0),
        (impure, "store/a.rs", "use sqlx::Row; use std::fs;", 0),
        (clock_and_dice, "run/a.rs", "chrono::Utc::now(); let b = Instant::now(); Uuid::new_v4()", 3),
        (clock_and_dice, "core/a.rs", "std::time::SystemTime::now; Uuid::now_v7; rand::thread_rng()", 3),
        (clock_and_dice, "store/a.rs", "store.now(); let now = 1; Uuid::new_v5(&ns, name)", 0),
        (clock_and_dice, "clock.rs", "Instant::now()", 0),
        (sql, "jobs/a.rs", "let a = \"select 1\"; let b = r#\"INSERT INTO \"t\" values (1)\"#;", 2),
        (sql, "cli/a.rs", "\"\\\n  delete from t\"; \"update t \\\n set a = 1\"", 2),
        (sql, "cli/a.rs", "\"Select a job\"; \"update nikita-jobs\"; \"select\"; // \"select 1\"", 0),
        (sql, "store/a.rs", "\"select 1\"", 0),
        (long_sql, "store/a.rs", "\"select a \\\n from b \\\n where c \\\n = 1\"", 1),
        (long_sql, "store/a.rs", "\"select a \\\n from b \\\n where c\"; \"set\"", 0),
        (long_sql, "store/a.rs", &format!("\"delete from {}\"", "t".repeat(120)), 1),
        (
            built_sql,
            "store/a.rs",
            "concat!(\"select 1 \", a!()); format!(\"{a} where id = 1\"); concat!(env!(\"OUT\"), \"x\")",
            2,
        ),
        (built_sql, "store/a.rs", "macro_rules! a { () => { \"update t set a = 1\" } } let b = \"select 1\";", 1),
        (built_sql, "store/columns.rs", "format!(\"alter table {a}\")", 0),
        (too_long, "core/a.rs", &long, 1),
        (too_long, "core/a.rs", &long[1..], 0),
    ];
    for (rule, name, text, expected) in cases {
        let faults = rule(&Source::new(&format!("src/{name}"), text));
        assert_eq!(faults.len(), expected, "{name}: {text}\n{faults:?}");
    }
    let located = upward(&Source::new("src/run/a.rs", "/// One.\n\nuse crate::{\n    store,\n    jobs,\n};"));
    assert_eq!(located, ["src/run/a.rs:5: run must not use crate::jobs"]);
}
