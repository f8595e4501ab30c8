//! Makes the statements of `src/store/sql` into constants, so that a DBA can open, run and explain what the binary sends.
//!
//! A file is one statement. Its header declares the parameters, in the order in which Rust binds them:
//!
//! ```sql
//! -- count_due: how many conversations a claim could take
//! -- :cutoff timestamptz   the last message must not be later
//! select count(*) from conversations where last_message_at <= :cutoff
//! ```
//!
//! `postgres/NAME.sql` and `sqlite/NAME.sql`, or one `common/NAME.sql`, become the constant `NAME`; a file that stands in one dialect alone
//! becomes `postgres::NAME` or `sqlite::NAME`. The text begins with the statement's name as a comment; parameters are numbered as the
//! header has them. A parameter that is not declared or not used, and a header without a name, fail the build.
//!
//! It also lists the migrations, and lays out the tokenizer's vocabulary.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use regex_syntax::hir::{Class, HirKind};

#[path = "src/core/tokens/layout.rs"]
mod layout;

fn main() {
    write_migrations();
    write_vocabulary();
    write_classes();
    let folder = Path::new("src/store/sql");
    println!("cargo::rerun-if-changed=build.rs");
    let read = |dialect: &str, marker: char| read_folder(&folder.join(dialect), marker);
    let (postgres, sqlite) = (read("postgres", '$'), read("sqlite", '?'));
    let (both_postgres, both_sqlite) = (read("common", '$'), read("common", '?'));
    let (mut both, mut only_postgres, mut only_sqlite) = (String::new(), String::new(), String::new());
    let names: BTreeSet<&String> = postgres.keys().chain(sqlite.keys()).chain(both_postgres.keys()).collect();
    for name in names {
        let constant = name.to_uppercase();
        let of = |own: &BTreeMap<String, Statement>, common: &BTreeMap<String, Statement>| {
            assert!(
                !(own.contains_key(name) && common.contains_key(name)),
                "{name}.sql stands in common and in a dialect"
            );
            own.get(name).or_else(|| common.get(name)).cloned()
        };
        match (of(&postgres, &both_postgres), of(&sqlite, &both_sqlite)) {
            (Some(pg), Some(lite)) => {
                assert_eq!(pg.parameters, lite.parameters, "{name}.sql: the two dialects declare other parameters");
                let doc = &pg.about;
                writeln!(both, "#[doc = {doc:?}]\npub(crate) const {constant}: Statement = Statement {{ postgres: {:?}, sqlite: {:?} }};", pg.text, lite.text)
            }
            (Some(pg), None) => writeln!(only_postgres, "#[doc = {:?}]\npub(crate) const {constant}: &str = {:?};", pg.about, pg.text),
            (None, Some(lite)) => writeln!(only_sqlite, "#[doc = {:?}]\npub(crate) const {constant}: &str = {:?};", lite.about, lite.text),
            (None, None) => unreachable!("a name comes from one of the folders"),
        }
        .expect("a string can be written to");
    }
    let module = format!(
        "{both}\n/// Statements for PostgreSQL alone.\npub(crate) mod postgres {{\n{only_postgres}}}\n/// Statements for SQLite alone.\npub(crate) mod sqlite {{\n{only_sqlite}}}\n"
    );
    write("statements.rs", module);
}

/// The files of `migrations`, `NNNN_what_it_does.sql`, as two lists.
fn write_migrations() {
    let mut lists = String::new();
    for (dialect, constant) in [("postgres", "POSTGRES"), ("sqlite", "SQLITE")] {
        let folder = env::current_dir().expect("cargo sets the folder").join("migrations").join(dialect);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<_> =
            fs::read_dir(&folder).expect("migrations are there").map(|it| it.expect("a file").path()).collect();
        files.sort();
        writeln!(lists, "static {constant}: &[Migration] = &[").expect("a string can be written to");
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
            let (version, name) = stem.split_once('_').expect("NNNN_what_it_does.sql");
            let (version, name): (i64, _) = (version.parse().expect("a number"), name.replace('_', " "));
            writeln!(
                lists,
                "    Migration {{ version: {version}, name: {name:?}, sql: include_str!({:?}) }},",
                file.display().to_string()
            )
            .expect("a string can be written to");
        }
        lists.push_str("];\n");
    }
    write("migrations.rs", lists);
}

/// The vocabulary of `cl100k_base` as a table that is read where it stands.
fn write_vocabulary() {
    use layout::{EMPTY, SLOTS, TOKENS, first_slot};
    let encoding = tiktoken_rs::cl100k_base().expect("the vocabulary comes with the library");
    let mut slots = vec![EMPTY; SLOTS];
    let (mut starts, mut bytes) = (vec![0], Vec::new());
    for rank in 0..u32::try_from(TOKENS).expect("few enough") {
        let token = encoding.decode_bytes(&[rank]).expect("no rank is left out");
        let mut slot = first_slot(&token);
        while slots[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = rank;
        bytes.extend(token);
        starts.push(u32::try_from(bytes.len()).expect("short enough"));
    }
    let numbers = slots.iter().chain(&starts).flat_map(|number| number.to_le_bytes());
    write("cl100k_base.table", numbers.chain(bytes).collect::<Vec<u8>>());
}

/// The letters and the digits, as the vocabulary's authors have them: by the tables of Rust's patterns.
fn write_classes() {
    let mut lists = String::new();
    for (class, constant) in [(r"\p{L}", "LETTERS"), (r"\p{N}", "NUMBERS")] {
        let parsed = regex_syntax::parse(class).expect("a class");
        let HirKind::Class(Class::Unicode(ranges)) = parsed.kind() else { unreachable!("it is a class") };
        writeln!(lists, "static {constant}: &[(char, char)] = &[").expect("a string can be written to");
        for range in ranges.iter() {
            let (first, last) = (range.start().escape_unicode(), range.end().escape_unicode());
            writeln!(lists, "    ('{first}', '{last}'),").expect("a string can be written to");
        }
        lists.push_str("];\n");
    }
    write("classes.rs", lists);
}

fn write(name: &str, content: impl AsRef<[u8]>) {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join(name), content).expect("OUT_DIR can be written");
}

#[derive(Clone)]
struct Statement {
    /// The header's first line, without its name.
    about: String,
    /// Names, in the order of the header.
    parameters: Vec<String>,
    /// What is sent.
    text: String,
}

fn read_folder(folder: &Path, marker: char) -> BTreeMap<String, Statement> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let files = entries.map(|entry| entry.expect("the folder can be read").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "sql"))
        .map(|file| {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8").to_owned();
            let source = fs::read_to_string(&file).expect("a statement in UTF-8");
            let statement = statement(&name, &source, marker).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
            (name, statement)
        })
        .collect()
}

fn statement(name: &str, source: &str, marker: char) -> Result<Statement, String> {
    let header: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("--")).map(str::trim).collect();
    let about = header.first().and_then(|line| line.strip_prefix(&format!("{name}:")));
    let about = about.ok_or_else(|| format!("the first line must begin with `-- {name}:`"))?.trim().to_owned();
    let declared = header.iter().filter_map(|line| line.strip_prefix(':'));
    let parameters: Vec<String> = declared.map(|line| line.chars().take_while(|&c| is_word(c)).collect()).collect();
    let body: Vec<&str> = source.lines().skip(header.len()).collect();
    let (body, used) = number(body.join("\n").trim(), &parameters, marker)?;
    if let Some(unused) = parameters.iter().find(|parameter| !used.contains(*parameter)) {
        return Err(format!(":{unused} is declared and not used"));
    }
    Ok(Statement { about, parameters, text: format!("-- {name}\n{body}") })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Puts `$1` or `?1` in place of `:name`; casts (`::`), strings, quoted names and comments stay as they are.
fn number(body: &str, parameters: &[String], marker: char) -> Result<(String, BTreeSet<String>), String> {
    let (mut text, mut used, mut rest) = (String::new(), BTreeSet::new(), body);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            ':' if rest[1..].starts_with(is_word) => {
                let name: String = rest[1..].chars().take_while(|&c| is_word(c)).collect();
                let place = parameters.iter().position(|parameter| *parameter == name);
                let place = place.ok_or_else(|| format!(":{name} is not declared in the header"))?;
                write!(text, "{marker}{}", place + 1).map_err(|error| error.to_string())?;
                rest = &rest[1 + name.len()..];
                used.insert(name);
                continue;
            }
            _ => first.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Ok((text, used))
}
