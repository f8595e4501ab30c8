//! Running programs: how long they took, and what they used.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// A program that has ended well.
pub struct Ran {
    /// From its start to its exit.
    pub seconds: f64,
    pub stdout: String,
    pub stderr: String,
}

/// What a program has used besides, by GNU time.
pub struct Used {
    pub ran: Ran,
    /// Processor seconds, its own and the system's for it.
    pub cpu: f64,
    /// The most memory that it had at once, in KiB.
    pub peak: f64,
}

/// A program in an environment without settings of the caller's.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    let ours = ["NIKITA_", "DATABASE_URL", "UNIFIED_PIPELINE_", "AUDIT_", "ANTHROPIC_", "OPENAI_", "PG"];
    for (name, _) in std::env::vars() {
        if ours.iter().any(|it| name.starts_with(it)) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs it; any exit code but the expected one ends the benchmark, with what it said.
pub fn run(command: &mut Command, code: i32) -> Ran {
    let began = Instant::now();
    let output = command.output();
    let seconds = began.elapsed().as_secs_f64();
    let Output { status, stdout, stderr } = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{command:?}\n{stdout}\n{stderr}");
    Ran { seconds, stdout: stdout.into_owned(), stderr: stderr.into_owned() }
}

/// Runs it under GNU time.
pub fn metered(command: &Command, code: i32, folder: &Path) -> Used {
    let file = folder.join("used");
    let path = file.to_str().expect("a path of plain characters");
    let ran = run(&mut through(&["/usr/bin/time", "--quiet", "-f", "%U %S %M", "-o", path], command), code);
    let line = fs::read_to_string(&file).expect("GNU time wrote its file");
    let numbers: Vec<f64> = line.split_whitespace().map(|it| it.parse().expect("a number")).collect();
    let [own, system, peak] = numbers[..] else { panic!("three numbers, not {line:?}") };
    Used { ran, cpu: own + system, peak }
}

/// The same command, whole by another program and its arguments; by itself if there is none.
pub fn through(starter: &[&str], command: &Command) -> Command {
    let words = starter.iter().map(OsStr::new).chain([command.get_program()]).chain(command.get_args());
    let words: Vec<&OsStr> = words.collect();
    let mut whole = program(words[0]);
    whole.args(&words[1..]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        whole.current_dir(folder);
    }
    whole
}

/// The first number behind a word in a program's output.
pub fn number_behind(text: &str, word: &str) -> f64 {
    let (_, rest) = text.split_once(word).unwrap_or_else(|| panic!("{word:?} is not in {text}"));
    let number: String = rest.trim_start().chars().take_while(|it| it.is_ascii_digit() || *it == '.').collect();
    number.parse().unwrap_or_else(|_| panic!("no number behind {word:?} in {text}"))
}
