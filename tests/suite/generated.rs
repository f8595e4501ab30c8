//! Man pages, completions and the reference: what is shipped is what the binary would print today.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::bin::command;

fn shipped(folder: &str) -> BTreeMap<String, String> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(folder))
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file"));
    let read = |file: fs::DirEntry| {
        (file.file_name().into_string().expect("a plain name"), fs::read_to_string(file.path()).expect("text"))
    };
    files.map(read).collect()
}

#[test]
fn the_shipped_man_pages_are_current_and_well_formed() {
    let folder = TempDir::new().expect("a folder");
    command(&["man", "--dir", folder.path().to_str().expect("a plain path")]).done().code(0);
    let (now, shipped) = (files(folder.path()), shipped("man"));
    assert!(now == shipped, "packaging/man is not current: run scripts/generate");
    assert_eq!(command(&["man"]).done().code(0).stdout(), shipped["nikita-jobs.1"]);
    assert_eq!(command(&["man", "decay"]).done().code(0).stdout(), shipped["nikita-jobs-decay.1"]);
    let said = command(&["man", "decayy"]).done().code(2).stderr();
    assert!(said.contains("did you mean decay"), "{said}");
    for name in shipped.keys() {
        let page = folder.path().join(name);
        let linted = Command::new("man").args(["--warnings", "-l", "-Tutf8"]).arg(&page).env("MANWIDTH", "80").output();
        let linted = linted.expect("man runs; scripts/test installs it");
        assert!(
            linted.status.success() && linted.stderr.is_empty(),
            "{name}: {}",
            String::from_utf8_lossy(&linted.stderr)
        );
        // Without bold and underlined letters.
        let plain =
            Command::new("col").args(["-b", "-x"]).stdin(pipe(&linted.stdout)).output().expect("col runs").stdout;
        let text = String::from_utf8(plain).expect("UTF-8");
        // A command that one copies is not broken.
        let is_too_long = |line: &&str| line.chars().count() > 80 && !line.trim_start().starts_with("nikita-jobs ");
        assert_eq!(text.lines().find(is_too_long), None, "{name} fits 80 columns");
        let sections: Vec<_> =
            text.lines().filter(|line| line.starts_with(|it: char| it.is_ascii_uppercase())).collect();
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"] {
            assert!(sections.contains(&section), "{name} has no {section}: {sections:?}");
        }
        if shipped[name].contains("DATABASE_URL") {
            for section in ["ENVIRONMENT", "FILES", "EXAMPLES"] {
                assert!(
                    sections.contains(&section) || name.contains("recover-") || name.contains("render"),
                    "{name} has no {section}"
                );
            }
            assert!(
                text.contains("78     Configuration, secret or schema version is wrong."),
                "the exit codes are in it:\n{text}"
            );
        }
    }
    let decay = &shipped["nikita-jobs-decay.1"];
    assert!(decay.contains(".OP \\-\\-window DUR") && decay.contains("Default: 50m."), "a value is named: {decay}");
}

fn pipe(text: &[u8]) -> fs::File {
    let mut file = tempfile::tempfile().expect("a file");
    std::io::Write::write_all(&mut file, text).expect("it can be written");
    std::io::Seek::rewind(&mut file).expect("it can be read");
    file
}

#[test]
fn the_shipped_completions_are_current() {
    let shipped = shipped("completions");
    for (shell, file) in [("bash", "nikita-jobs.bash"), ("fish", "nikita-jobs.fish"), ("zsh", "_nikita-jobs")] {
        let now = command(&["completions", shell]).done().code(0).stdout();
        assert!(now == shipped[file], "packaging/completions/{file} is not current: run scripts/generate");
    }
}

/// What is typed, and what a shell makes of it when somebody presses the key.
const TYPED: [(&str, &str); 6] = [
    ("nikita-jobs reco", "recover"),
    ("nikita-jobs recover --req", "--requeue"),
    ("nikita-jobs completions fi", "fish"),
    ("nikita-jobs decay --format js", "json"),
    ("nikita-jobs status --state com", "completed"),
    ("nikita-jobs failures --stage memo", "memory_update"),
];

/// What a shell answers, which runs a script; in a home of its own, so that no settings of somebody's play a part.
fn answer(shell: &str, args: &[&str], home: &Path) -> String {
    let ran = Command::new(shell).args(args).env("HOME", home).env("TERM", "dumb").output();
    let ran = ran.unwrap_or_else(|error| panic!("{shell}: {error}; scripts/test installs it"));
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

fn completions_of(file: &str) -> String {
    format!("{}/packaging/completions/{file}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let home = TempDir::new().expect("a folder");
    for (typed, expected) in TYPED {
        let words: Vec<&str> = typed.split(' ').collect();
        let [.., before, last] = words[..] else { unreachable!("two words at least") };
        let script = format!(
            "source '{}'; COMP_WORDS=({typed}); COMP_CWORD={}; _nikita__jobs nikita-jobs '{last}' '{before}'; \
             printf '%s\n' \"${{COMPREPLY[@]}}\"",
            completions_of("nikita-jobs.bash"),
            words.len() - 1
        );
        assert_eq!(answer("bash", &["--norc", "-c", &script], home.path()).trim(), expected, "{typed}");
    }
}

#[test]
fn fish_completes_commands_flags_and_values() {
    let home = TempDir::new().expect("a folder");
    // clap_complete offers fish no values of what has no flag.
    for (typed, expected) in TYPED.into_iter().filter(|(typed, _)| !typed.contains("completions")) {
        let script = format!("source '{}'; complete -C '{typed}'", completions_of("nikita-jobs.fish"));
        let said = answer("fish", &["--no-config", "-c", &script], home.path());
        // Behind a tab it says what it is.
        let offered: Vec<&str> = said.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        assert_eq!(offered, [expected], "{typed}");
    }
}

#[test]
fn zsh_completes_commands_flags_and_values() {
    let home = TempDir::new().expect("a folder");
    // A zsh of its own on a terminal of its own, in which somebody presses the key; the command that it then runs writes its arguments to a file.
    let folder = completions_of("");
    let out = home.path().join("completed");
    let script = format!(
        "zmodload zsh/zpty; zpty z 'TERM=dumb zsh -f -i'; \
         zpty -w z 'PS1=; unsetopt auto_menu; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; \
         nikita-jobs() {{ print -r -- \"$*\" >> {out} }}'; \
         for typed in \"$@\"; do zpty -n -w z \"$typed\"$'\\t\\n'; done; zpty -w z 'exit'; \
         while zpty -r z line; do :; done",
        out = out.display()
    );
    let typed = TYPED.map(|(typed, _)| typed);
    let said = answer("zsh", &[&["-f", "-c", &script, "zsh"][..], &typed].concat(), home.path());
    let completed = fs::read_to_string(&out).unwrap_or_else(|error| panic!("{error}: {said}"));
    let last: Vec<&str> =
        completed.lines().map(|line| line.trim_end().rsplit(' ').next().unwrap_or_default()).collect();
    assert_eq!(last, TYPED.map(|(_, expected)| expected), "{completed}");
}

#[test]
fn completions_offer_nothing_that_is_hidden() {
    for (name, text) in shipped("completions") {
        for hidden in ["--now", "recover-stuck", "detect-stuck"] {
            assert!(!text.contains(hidden), "{name}: {hidden}");
        }
    }
}

#[test]
fn an_unknown_shell_is_a_usage_error_and_a_folder_that_can_not_be_made_is_named() {
    let done = command(&["completions", "tcsh"]).done().code(2);
    assert!(done.stderr().contains("tcsh"), "{}", done.stderr());
    let done = command(&["man", "--dir", "/dev/null/man"]).done().code(1);
    assert!(done.stderr().contains("--dir /dev/null/man: "), "{}", done.stderr());
}

#[test]
fn the_reference_is_current_and_names_every_exit_code() {
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md")).expect("there");
    let now = command(&["reference"]).done().code(0).stdout();
    assert!(now == shipped, "docs/reference.md is not current: run scripts/generate");
    assert!(now.contains("| 75 | skipped: inside the idempotency window"), "the exit codes are in it");
    assert!(now.contains("| `--concurrency N` | `NIKITA_PROCESS_CONCURRENCY` | `10` |"), "the settings are in it");
}

#[test]
fn the_schemas_are_current_and_each_names_its_command() {
    let folder = TempDir::new().expect("a folder");
    command(&["schema", "--dir", folder.path().to_str().expect("a plain path")]).done().code(0);
    let shipped = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema"));
    assert!(files(folder.path()) == shipped, "docs/schema is not current: run scripts/generate");
    assert_eq!(command(&["schema", "decay"]).done().code(0).stdout(), shipped["decay.json"]);
    let all: serde_json::Value = serde_json::from_str(&command(&["schema"]).done().code(0).stdout()).expect("JSON");
    assert_eq!(all.as_object().expect("by name").len(), shipped.len());
    command(&["schema", "no-such"]).done().code(2);
}

#[test]
fn the_readme_lists_the_exit_codes_and_is_read_in_one_sitting() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("there");
    let reference = command(&["reference"]).done().code(0).stdout();
    let table = |page: &str| -> Vec<String> {
        let lines = page.lines().skip_while(|line| *line != "| code | meaning |");
        lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    assert_eq!(table(&readme), table(&reference), "left the README, right the code");
    assert!(readme.split_whitespace().count() <= 1_300, "README.md is longer than 1,300 words");
}
