//! `completions`, `man`, `schema` and the hidden `reference`: generated from the command line itself, for packages and docs. They need no
//! database and print text, not a result.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::{Map, Value};

use super::complete;
use super::harmless::Harmless;
use super::output::{complain, print_text};
use super::reference;
use crate::domain::exit::Exit;
use crate::domain::result::schema;

/// The commands, as clap sees them.
pub fn commands() -> [Command; 5] {
    let shell = Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell));
    let directory = Arg::new("dir")
        .long("dir")
        .value_name("DIR")
        .value_hint(ValueHint::DirPath)
        .help("Write a page for each command into this folder instead");
    [
        Command::new("help")
            .about("Explain a command; the same as COMMAND --help")
            .arg(Arg::new("command").value_name("COMMAND").num_args(0..).help("Which command [default: all of them]")),
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
        Command::new("schema")
            .about("Print the JSON Schema of a command's result")
            .arg(
                Arg::new("command")
                    .value_name("COMMAND")
                    .value_parser(PossibleValuesParser::new(schema::COMMANDS.iter().map(|(name, _)| *name)))
                    .help("Which command; without one, all of them as one object"),
            )
            .arg(
                Arg::new("dir")
                    .long("dir")
                    .value_name("DIR")
                    .value_hint(ValueHint::DirPath)
                    .conflicts_with("command")
                    .help("Write a schema for each command into this folder instead"),
            )
            .after_help("Examples:\n  nikita-jobs schema decay\n  nikita-jobs schema --dir docs/schema"),
        Command::new("reference").about("Print docs/reference.md").hide(true),
    ]
}

/// Runs one of these commands; `None` for any other.
pub fn print(command: fn() -> Command, matches: &ArgMatches) -> Option<ExitCode> {
    let made = match matches.subcommand()? {
        ("completions", of_command) => {
            of_command.get_one("shell").map_or(Ok(Vec::new()), |shell| Ok(complete::script(&command(), *shell)))
        }
        ("man", of_command) => match of_command.get_one::<String>("dir") {
            Some(folder) => pages(&command(), Path::new(folder)),
            None => page(&command()),
        },
        ("schema", of_command) => match of_command.get_one::<String>("dir") {
            Some(folder) => schemas(Path::new(folder)),
            None => Ok(printed(of_command.get_one::<String>("command").map(String::as_str)).into_bytes()),
        },
        ("reference", _) => Ok(reference::page(&command()).into_bytes()),
        _ => return None,
    };
    Some(match made {
        Ok(text) => print_text(&Harmless::ours(text)),
        Err(why) => {
            complain(&why);
            Exit::Failure.into()
        }
    })
}

fn page(command: &Command) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Writes the pages into a folder; there is nothing to print.
fn pages(command: &Command, folder: &Path) -> Result<Vec<u8>, String> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command.clone(), folder))
        .map(|()| Vec::new())
        .map_err(|error| format!("--dir {}: {error}", folder.display()))
}

/// A command's schema, or all of them by name.
fn printed(command: Option<&str>) -> String {
    let schema = match command {
        Some(command) => schema::of(command).unwrap_or_default(),
        None => Value::Object(all().map(|(name, schema)| (name.to_owned(), schema)).collect::<Map<_, _>>()),
    };
    format!("{schema:#}\n")
}

/// Every schema, that of a bare failure among them.
fn all() -> impl Iterator<Item = (&'static str, Value)> {
    let of = |(name, _): &(&'static str, _)| (*name, schema::of(name).unwrap_or_default());
    schema::COMMANDS.iter().map(of).chain([("failure", schema::failure())])
}

fn schemas(folder: &Path) -> Result<Vec<u8>, String> {
    let written = fs::create_dir_all(folder).and_then(|()| {
        all().try_for_each(|(name, schema)| fs::write(folder.join(format!("{name}.json")), format!("{schema:#}\n")))
    });
    written.map(|()| Vec::new()).map_err(|error| format!("--dir {}: {error}", folder.display()))
}
