//! An argument of the command line is a constant in `src/cli/args`. One that no command lists does not exist, and one that nothing reads does
//! nothing; the compiler sees neither.

use crate::Source;

/// The types of such constants.
const TYPES: [&str; 3] = ["Typed", "Switch", "Positional"];
/// What puts one on a command line, behind its name and a dot.
const LISTS: [&str; 2] = ["setting", "arg"];
/// What does not read it.
const READS_NOT: [&str; 3] = ["setting", "arg", "id"];

#[test]
fn each_argument_is_listed_and_read() {
    let mut sources = crate::tree();
    // No other layer may use `cli`.
    sources.retain(|it| it.layer() == Some("cli"));
    let faults = faults(&sources);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// clap counts a variable as given whatever its value is, so that `NIKITA_X=false` would be a usage error. Of its relations, only arguments
/// without a variable have some.
#[test]
fn only_arguments_without_a_variable_are_in_a_relation_of_clap() {
    const RELATIONS: [&str; 6] =
        ["requires", "conflicts_with", "required_unless_present", "required_if_eq", "exclusive", "overrides_with"];
    let mut found: Vec<String> = vec![];
    for source in crate::tree().iter().filter(|it| it.name.starts_with("src/cli/args")) {
        let words: Vec<&str> = source.tokens.iter().map(|(_, token)| token.as_str()).collect();
        let related = words.windows(2).filter(|two| two[0] == "." && RELATIONS.iter().any(|it| two[1].starts_with(it)));
        found.extend(related.map(|two| format!("{}: {}", source.name, two[1])));
    }
    found.sort();
    // `recover KIND ID`, and `--audit` beside `--execution`.
    assert_eq!(found, ["src/cli/args/recover.rs: requires", "src/cli/args/scan.rs: conflicts_with"]);
}

#[test]
fn an_argument_that_is_not_listed_or_not_read_is_seen() {
    let declared = "pub const A: Typed<u8> = Typed::new(x); const S: [Setting; 1] = [A.setting];";
    let of = |args: &str, reader: &str| {
        faults(&[Source::new("src/cli/args/decay.rs", args), Source::new("src/cli/compose.rs", reader)])
    };
    assert_eq!(of(declared, ""), ["src/cli/args/decay.rs: nothing reads A"]);
    assert_eq!(of(declared, "use super::args::decay::A;"), ["src/cli/args/decay.rs: nothing reads A"]);
    assert_eq!(
        of(declared, "fn f() { args::recover::A.read(m); A.read(m) }"),
        ["src/cli/args/decay.rs: nothing reads A"]
    );
    for reader in
        ["args::decay::A.read(m)", "use super::args::decay::{self, A}; fn f() { A.is_on(m) }", "f(decay::A, 1)"]
    {
        assert!(of(declared, reader).is_empty(), "{reader}");
    }
    let unlisted = "pub const A: Switch = Switch::new(x);";
    assert_eq!(of(unlisted, "args::decay::A.is_on(m)"), ["src/cli/args/decay.rs: no command takes A"]);
    assert!(crate::tree().iter().map(|it| arguments(it).len()).sum::<usize>() > 80);
}

fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = vec![];
    let paths: Vec<Vec<String>> =
        sources.iter().map(|it| it.paths().into_iter().map(|(_, path, _)| path).collect()).collect();
    for source in sources {
        for name in arguments(source) {
            let uses: Vec<&str> =
                sources.iter().zip(&paths).flat_map(|(it, paths)| uses(it, paths, source, name)).collect();
            if !uses.iter().any(|how| LISTS.contains(how)) {
                faults.push(format!("{}: no command takes {name}", source.name));
            }
            if uses.iter().all(|how| READS_NOT.contains(how)) {
                faults.push(format!("{}: nothing reads {name}", source.name));
            }
        }
    }
    faults
}

/// The names of the arguments that a file declares.
fn arguments(source: &Source) -> Vec<&str> {
    let is_argument = |at: &usize| {
        source.token(*at) == "pub"
            && source.token(at + 1) == "const"
            && source.token(at + 3) == ":"
            && TYPES.contains(&source.token(at + 4))
    };
    let is_ours = source.name.starts_with("src/cli/args/");
    (0..source.tokens.len()).filter(|at| is_ours && is_argument(at)).map(|at| source.token(at + 2)).collect()
}

/// What stands behind each mention of an argument, imports aside: the name behind the dot, or "" where it is passed as a value.
fn uses<'a>(source: &'a Source, paths: &[String], declared: &Source, name: &str) -> Vec<&'a str> {
    let module = declared.module.last().map_or("", String::as_str);
    let path = format!("crate::{}::{name}", declared.module.join("::"));
    let is_here = source.name == declared.name || paths.contains(&path);
    let (mut found, mut imports) = (vec![], false);
    for at in 0..source.tokens.len() {
        match source.token(at) {
            "use" => imports = true,
            ";" => imports = false,
            it if it == name && !imports => {
                let before = |back: usize| at.checked_sub(back).map_or("", |at| source.token(at));
                let is_meant = if before(1) == "::" { before(2) == module } else { is_here && before(1) != "const" };
                if is_meant {
                    found.push(if source.token(at + 1) == "." { source.token(at + 2) } else { "" });
                }
            }
            _ => {}
        }
    }
    found
}
