//! `completions` and `man`: what packages ship, made from the command line itself so that it can't differ from it. Both need
//! no database and print text, not a result.

use std::fs;
use std::io::{self, Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::domain::exit::Exit;

/// The two commands, as clap sees them.
pub fn commands() -> [Command; 2] {
    let shell = Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell));
    let directory = Arg::new("dir")
        .long("dir")
        .value_name("DIR")
        .value_hint(ValueHint::DirPath)
        .help("Write a page for each command into this folder instead");
    [
        Command::new("completions").about("Print a shell's completions").arg(shell.help("Which shell")).after_help(
            "Examples:\n  \
             nikita-jobs completions bash > /etc/bash_completion.d/nikita-jobs\n  \
             nikita-jobs completions fish > ~/.config/fish/completions/nikita-jobs.fish",
        ),
        Command::new("man").about("Print the manual page").arg(directory).after_help(
            "Examples:\n  \
             nikita-jobs man | man -l -\n  \
             nikita-jobs man --dir /usr/local/share/man/man1",
        ),
    ]
}

/// Prints what is asked for; `None` where the command is neither of the two.
pub fn print(command: fn() -> Command, matches: &ArgMatches) -> Option<ExitCode> {
    let written = match matches.subcommand()? {
        ("completions", of_command) => {
            of_command.get_one("shell").map_or(Ok(()), |shell| completions(&command(), *shell))
        }
        ("man", of_command) => match of_command.get_one::<String>("dir") {
            Some(folder) => pages(&command(), Path::new(folder)),
            None => page(&command()),
        },
        _ => return None,
    };
    Some(match written {
        Ok(()) => Exit::Success.into(),
        Err(why) => refuse(&why),
    })
}

fn completions(command: &Command, shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command.clone(), command.get_name(), &mut text);
    // clap_complete 4.6 takes the hyphen in a program's name for a subcommand in half of the places, and bash completes nothing.
    let text = String::from_utf8_lossy(&text).replace("nikita__subcmd__jobs", "nikita__jobs");
    to_stdout(text.as_bytes())
}

fn page(command: &Command) -> Result<(), String> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text).map_err(|error| error.to_string())?;
    to_stdout(&text)
}

fn pages(command: &Command, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command.clone(), folder))
        .map_err(|error| format!("--dir {}: {error}", folder.display()))
}

fn to_stdout(text: &[u8]) -> Result<(), String> {
    let written = stdout().lock().write_all(text).and_then(|()| stdout().flush());
    match written {
        // Whoever reads has seen enough: `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| format!("stdout can't be written: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "these commands have no log")]
fn refuse(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    Exit::Failure.into()
}
