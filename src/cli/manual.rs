//! The manual pages, made from the command line and the tables of the code, as `--help` and docs/reference.md are.

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use super::reference::{flag_names, takes_value, value_name, visible};
use crate::domain::exit::Exit;

mod texts;

use texts::{ABOUT, FILES, VARIABLES};

/// The page of a command, by its words (`recover audit`), or the first page; `None` where there is no such command.
pub fn page(command: &Command, words: &[&str]) -> Option<String> {
    let mut whole = command.clone();
    whole.build();
    if words.is_empty() {
        return Some(overview(&whole));
    }
    let name = words.join(" ");
    let found = visible(&whole, "").into_iter().find(|it| it.0 == name)?;
    Some(of_command(&found.0, found.1))
}

/// Every page, by its file's name.
pub fn pages(command: &Command) -> Vec<(String, String)> {
    let mut whole = command.clone();
    whole.build();
    let first = ("nikita-jobs.1".to_owned(), overview(&whole));
    let rest = visible(&whole, "");
    let rest = rest.iter().map(|(name, it)| (format!("{}.1", title(name)), of_command(name, it)));
    std::iter::once(first).chain(rest).collect()
}

/// What the commands are called, to find one that was misspelt.
pub fn names(command: &Command) -> Vec<String> {
    let mut whole = command.clone();
    whole.build();
    visible(&whole, "").into_iter().map(|it| it.0).collect()
}

fn overview(whole: &Command) -> String {
    let mut page = begin("nikita-jobs", &about(whole));
    section(&mut page, "SYNOPSIS");
    page.text([bold("nikita-jobs"), roman(" "), italic("COMMAND"), roman(" ["), italic("OPTION"), roman("]...")]);
    section(&mut page, "DESCRIPTION");
    for (at, paragraph) in ABOUT.into_iter().enumerate() {
        if at > 0 {
            page.control("PP", []);
        }
        page.text([roman(paragraph)]);
    }
    section(&mut page, "COMMANDS");
    let commands = visible(whole, "");
    for (name, command) in commands.iter().filter(|it| !it.0.contains(' ')) {
        item(&mut page, vec![bold(name)], &sentence(&about(command)));
    }
    section(&mut page, "OPTIONS");
    item(
        &mut page,
        vec![bold("-h"), roman(", "), bold("--help")],
        "Print help; behind a command, that of the command.",
    );
    item(&mut page, vec![bold("-V"), roman(", "), bold("--version")], "Print the version.");
    section(&mut page, "ENVIRONMENT");
    page.text([roman("The page of each command has the variables of its own. Those of nearly all:")]);
    if let Some((_, command)) = commands.iter().find(|it| it.1.get_arguments().any(is_database)) {
        let common =
            |arg: &&Arg| ["database-url", "env-file", "format", "quiet", "verbose"].contains(&arg.get_id().as_str());
        for arg in command.get_arguments().filter(common) {
            variable(&mut page, arg);
        }
    }
    more_variables(&mut page);
    exit_status(&mut page, None);
    files(&mut page);
    examples(&mut page, whole);
    see_also(&mut page, &commands.iter().map(|(name, _)| title(name)).collect::<Vec<_>>());
    page.render()
}

fn of_command(name: &str, command: &Command) -> String {
    let mut page = begin(&title(name), &about(command));
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    synopsis(&mut page, name, command, &shown);
    section(&mut page, "DESCRIPTION");
    page.text([roman(sentence(&about(command)))]);
    let help = after_help(command);
    for paragraph in paragraphs(&help).filter(|it| is_prose(it)) {
        page.control("PP", []);
        page.text([roman(paragraph.replace('\n', " "))]);
    }
    options(&mut page, &shown);
    let works_on_the_database = shown.iter().any(|arg| is_database(arg));
    if shown.iter().any(|arg| arg.get_env().is_some()) {
        section(&mut page, "ENVIRONMENT");
        for arg in &shown {
            variable(&mut page, arg);
        }
        if works_on_the_database {
            more_variables(&mut page);
        }
    }
    exit_status(&mut page, paragraphs(&help).find_map(|it| it.strip_prefix("Exit codes: ")));
    if works_on_the_database {
        files(&mut page);
    }
    examples(&mut page, command);
    let below = visible(command, "").into_iter().map(|(own, _)| title(&format!("{name} {own}")));
    let above = name.rsplit_once(' ').map(|(above, _)| title(above));
    let seen: Vec<_> = std::iter::once("nikita-jobs".to_owned()).chain(above).chain(below).collect();
    see_also(&mut page, &seen);
    page.render()
}

fn begin(title: &str, about: &str) -> Roff {
    let mut page = Roff::new();
    let source = concat!("nikita-jobs ", env!("CARGO_PKG_VERSION"));
    // The head of a page has room for a long title twice, and for nothing between.
    let manual = if title.len() > 28 { "\"\"" } else { "User Commands" };
    // An empty date: a page is the same whenever it is made.
    page.control("TH", [title.to_uppercase().replace('-', r"\-").as_str(), "1", "\"\"", source, manual]);
    section(&mut page, "NAME");
    page.text([roman(format!("{title} - {}", lower(about)))]);
    page
}

/// One form, each option with its value, and no option broken in two.
fn synopsis(page: &mut Roff, name: &str, command: &Command, shown: &[&Arg]) {
    section(page, "SYNOPSIS");
    page.control("SY", [r"nikita\-jobs"]);
    page.text([bold(name)]);
    let is_flag = |arg: &&&Arg| !arg.is_positional() && arg.get_id() != "help";
    for arg in shown.iter().filter(is_flag).filter(|arg| arg.is_required_set()) {
        let (_, long) = flag_names(arg);
        page.text([bold(long.unwrap_or_default()), roman(" "), italic(value_name(arg))]);
    }
    for arg in shown.iter().filter(is_flag).filter(|arg| !arg.is_required_set()) {
        let names = match flag_names(arg) {
            (Some(short), Some(long)) => format!(r"{short}\~|\~{long}"),
            (short, long) => short.or(long).unwrap_or_default(),
        };
        let names = names.replace('-', r"\-");
        match value_name(arg) {
            value if takes_value(arg) && !value.is_empty() => page.control("OP", [names.as_str(), value.as_str()]),
            _ => page.control("OP", [names.as_str()]),
        };
    }
    for arg in shown.iter().filter(|arg| arg.is_positional()) {
        let many = if arg.get_num_args().is_some_and(|it| it.max_values() > 1) { "..." } else { "" };
        let value = italic(value_name(arg));
        page.text(if arg.is_required_set() {
            vec![value, roman(many)]
        } else {
            vec![roman("["), value, roman(format!("]{many}"))]
        });
    }
    if command.has_subcommands() {
        page.text([italic("COMMAND")]);
    }
    page.control("YS", []);
}

/// By topic, as `--help` has them: what a run is told, then what it does.
fn options(page: &mut Roff, shown: &[&Arg]) {
    let (positional, flags): (Vec<&Arg>, Vec<&Arg>) = shown.iter().copied().partition(|arg| arg.is_positional());
    if !positional.is_empty() {
        section(page, "ARGUMENTS");
        for arg in positional {
            item(page, vec![italic(value_name(arg))], &meaning(arg));
        }
    }
    section(page, "OPTIONS");
    let mut headings: Vec<Option<&str>> = Vec::new();
    for arg in flags.iter().filter(|arg| arg.get_id() != "help") {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    // Without a heading of its own, before all others.
    headings.sort_by_key(Option::is_some);
    for heading in headings {
        if let Some(heading) = heading {
            page.control("SS", [heading]);
        }
        for arg in flags.iter().filter(|arg| arg.get_id() != "help" && arg.get_help_heading() == heading) {
            option(page, arg);
        }
    }
    for arg in flags.iter().filter(|arg| arg.get_id() == "help") {
        option(page, arg);
    }
}

fn option(page: &mut Roff, arg: &Arg) {
    let mut header = Vec::new();
    let (short, long) = flag_names(arg);
    for name in short.into_iter().chain(long) {
        if !header.is_empty() {
            header.push(roman(", "));
        }
        header.push(bold(name));
    }
    if takes_value(arg) {
        header.extend([roman(" "), italic(value_name(arg))]);
    }
    item(page, header, &meaning(arg));
}

/// What an argument does, and what it is without.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    // As the help has what depends on the place.
    let (help, told) = match help.strip_suffix(']').and_then(|it| it.split_once(" [default: ")) {
        Some((before, default)) => (before.to_owned(), Some(default.to_owned())),
        None => (help, None),
    };
    let mut text = sentence(&help);
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .filter(|_| takes_value(arg))
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    let defaults: Vec<_> = told.into_iter().chain(defaults).collect();
    if !defaults.is_empty() {
        text.push_str(" Default: ");
        text.push_str(&defaults.join(" "));
        text.push('.');
    }
    let possible: Vec<_> =
        arg.get_possible_values().iter().filter(|it| !it.is_hide_set()).map(|it| it.get_name().to_owned()).collect();
    if takes_value(arg) && !possible.is_empty() {
        text.push_str(" One of: ");
        text.push_str(&possible.join(", "));
        text.push('.');
    }
    text
}

fn variable(page: &mut Roff, arg: &Arg) {
    let Some(name) = arg.get_env() else { return };
    let (short, long) = flag_names(arg);
    let flag = long.or(short).unwrap_or_else(|| value_name(arg));
    let text = match arg.get_action() {
        ArgAction::SetTrue => format!("With true, yes, on or 1: the same as {flag}."),
        ArgAction::Count => format!("A number: so many times {flag}."),
        _ => format!("The same as {flag}."),
    };
    item(page, vec![bold(name.to_string_lossy())], &text);
}

fn more_variables(page: &mut Roff) {
    for (name, text) in VARIABLES {
        item(page, vec![bold(name)], text);
    }
}

fn exit_status(page: &mut Roff, own: Option<&str>) {
    section(page, "EXIT STATUS");
    if let Some(own) = own {
        page.text([roman(own.replace('\n', " "))]);
        page.control("PP", []);
        page.text([roman("Of all commands:")]);
    }
    for exit in Exit::ALL {
        item(page, vec![bold(exit.code().to_string())], &sentence(exit.meaning()));
    }
}

fn files(page: &mut Roff) {
    section(page, "FILES");
    for (name, text) in FILES {
        item(page, vec![italic(name)], text);
    }
}

/// Each command with what it is for above it.
fn examples(page: &mut Roff, command: &Command) {
    let help = after_help(command);
    let Some(block) = paragraphs(&help).find_map(|it| it.strip_prefix("Examples:\n")) else { return };
    section(page, "EXAMPLES");
    let mut is_first = true;
    for line in block.lines() {
        // Deeper than the others: it goes on.
        let goes_on = line.starts_with("      ");
        let (typed, purpose) = line.trim().split_once("   ").unwrap_or((line.trim(), ""));
        let (typed, purpose) =
            if purpose.is_empty() { line.trim().split_once("  ").unwrap_or((typed, "")) } else { (typed, purpose) };
        if !goes_on {
            if !is_first {
                page.control("PP", []);
            }
            if !purpose.trim().is_empty() {
                page.text([roman(format!("{}:", upper(purpose.trim().trim_end_matches('?'))))]);
            }
        }
        is_first = false;
        page.control("RS", ["4"]);
        page.control("nf", []);
        page.text([bold(format!("{}{typed}", if goes_on { "    " } else { "" }))]);
        page.control("fi", []);
        page.control("RE", []);
    }
}

fn see_also(page: &mut Roff, titles: &[String]) {
    section(page, "SEE ALSO");
    for (at, title) in titles.iter().enumerate() {
        let comma = if at + 1 < titles.len() { "," } else { "" };
        page.text([bold(title), roman(format!("(1){comma}"))]);
    }
}

fn section(page: &mut Roff, heading: &str) {
    page.control("SH", [heading]);
}

fn item(page: &mut Roff, header: Vec<Inline>, text: &str) {
    page.control("TP", []);
    page.text(header);
    page.text([roman(text)]);
}

fn title(name: &str) -> String {
    format!("nikita-jobs-{}", name.replace(' ', "-"))
}

fn is_database(arg: &Arg) -> bool {
    arg.get_id() == "database-url"
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn after_help(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

fn paragraphs(help: &str) -> impl Iterator<Item = &str> {
    help.split("\n\n")
}

/// Neither a list nor a pointer to another page.
fn is_prose(paragraph: &str) -> bool {
    !["Examples:", "Exit codes:", "`nikita-jobs --help`"].iter().any(|it| paragraph.starts_with(it))
        && !paragraph.is_empty()
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    // A word, not an address or a name of ours.
    let is_word =
        text.split(' ').next().is_some_and(|it| it.chars().all(|it| it.is_alphabetic() || "',:;".contains(it)));
    let text = if is_word { upper(text) } else { text.to_owned() };
    if text.ends_with(['.', '?', '!']) || text.is_empty() { text } else { format!("{text}.") }
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
