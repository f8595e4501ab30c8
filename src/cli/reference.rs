//! `docs/reference.md`, generated from the command line and the code's tables.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use crate::domain::exit::Exit;
use crate::monitor::metrics;

/// The page, as Markdown.
pub fn page(command: &Command) -> String {
    let mut command = command.clone();
    command.build();
    let mut page = String::from(
        "# Reference\n\nMade by `scripts/generate` from the code; a test fails where it is not current. \
         `nikita-jobs COMMAND --help` shows the same on a terminal.\n\n## Commands\n\n| command | what it does |\n|---|---|\n",
    );
    for (name, command) in visible(&command, "") {
        row(&mut page, &[format!("[`{name}`](#{})", anchor(&name)), about(command)]);
    }
    page.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        row(&mut page, &[exit.code().to_string(), exit.meaning().to_owned()]);
    }
    page.push_str("\n## Metrics\n\nIn the file of `--metrics-file` ([monitoring.md](monitoring.md)).\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for [name, kind, labels, help] in metrics::described() {
        row(&mut page, &[format!("`{name}`"), kind.to_owned(), labels.to_owned(), help.to_owned()]);
    }
    page.push_str(
        "\n## Settings\n\nA setting is a flag or a variable; the flag wins. Variables may also stand in a file: the one that `--env-file` \
         names, else `.env` in the working directory. A variable that is already set wins over the file. A wrong value on the command line \
         exits 2, in a variable 78. Durations are written `90s`, `50m` or `\"1h 30m\"`.\n",
    );
    for (name, command) in visible(&command, "") {
        let settings: Vec<_> =
            command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_id() != "help").collect();
        let _ = writeln!(page, "\n### {name}\n\n{}.", about(command));
        if !settings.is_empty() {
            page.push_str("\n| flag | variable | default | meaning |\n|---|---|---|---|\n");
        }
        for setting in settings {
            row(&mut page, &[flag(setting), variable(setting), default(setting), meaning(setting)]);
        }
    }
    page
}

/// Every visible command with its full name, subcommands included.
pub fn visible<'a>(command: &'a Command, before: &str) -> Vec<(String, &'a Command)> {
    let shown = command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help");
    shown
        .flat_map(|it| {
            let name = format!("{before}{}", it.get_name());
            let below = visible(it, &format!("{name} "));
            std::iter::once((name, it)).chain(below)
        })
        .collect()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn flag(arg: &Arg) -> String {
    let (short, long) = flag_names(arg);
    let long = long.unwrap_or_default();
    let whole = if takes_value(arg) { format!("{long} {}", value_name(arg)) } else { long };
    let short = short.map(|short| format!("`{short}`, ")).unwrap_or_default();
    format!("{short}`{}`", whole.trim())
}

/// An option's short and long name, with their dashes.
pub fn flag_names(arg: &Arg) -> (Option<String>, Option<String>) {
    (arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}")))
}

/// What stands for an argument's value.
pub fn value_name(arg: &Arg) -> String {
    arg.get_value_names().unwrap_or_default().join(" ")
}

/// Whether it is more than a switch.
pub fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn variable(arg: &Arg) -> String {
    arg.get_env().map_or_else(|| "–".to_owned(), |name| format!("`{}`", name.to_string_lossy()))
}

fn default(arg: &Arg) -> String {
    let values = arg.get_default_values().iter().filter(|_| takes_value(arg));
    let values: Vec<_> = values.map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if values.is_empty() { "–".to_owned() } else { values.join(" ") }
}

fn meaning(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

fn row(page: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

/// A heading's anchor.
fn anchor(heading: &str) -> String {
    heading.replace(' ', "-")
}
