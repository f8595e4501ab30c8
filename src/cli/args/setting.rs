//! An argument is a value: flag, variable, default, help and parser stand in one place, and nothing looks it up by its name.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::raw::Problem;
use crate::config::parse;

/// How an argument stands on the command line. The flag is the same in all commands that take it; so is the variable, but for those that each
/// job has of its own (`NIKITA_DECAY_WINDOW`).
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) id: &'static str,
    /// None for what belongs to one call alone.
    variable: Option<&'static str>,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
}

/// An argument that a variable can set, too.
pub(super) const fn setting(
    id: &'static str,
    variable: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting { id, variable: Some(variable), value, default, help }
}

/// An argument that only the command line sets.
pub(super) const fn flag(id: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { id, variable: None, value, default: None, help }
}

impl Setting {
    /// The same, explained for another command.
    pub(super) const fn explained(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// As clap sees it.
    pub(super) fn arg(&self) -> Arg {
        let arg = Arg::new(self.id)
            .long(self.id)
            .value_name(self.value)
            .help(self.help)
            .hide_env_values(true)
            // "-5" is a wrong value, not an unknown flag.
            .allow_hyphen_values(true);
        let arg = match self.variable {
            Some(variable) => arg.env(variable),
            None => arg,
        };
        match self.default {
            Some(default) => arg.default_value(default),
            None => arg,
        }
    }
}

/// An argument whose text is read as a `T`. A command that does not take it has none.
#[derive(Clone, Copy)]
pub struct Typed<T: 'static> {
    /// As the command line and the help have it.
    pub(super) setting: Setting,
    parse: fn(&str) -> Result<T, String>,
    is_secret: bool,
}

impl<T> Typed<T> {
    /// From its declaration and its parser, which says what is wrong in half a sentence.
    pub(super) const fn new(setting: Setting, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, parse, is_secret: false }
    }

    /// The same for one that may hold a password, or whose knowledge is enough to use it: no message repeats it.
    pub(super) const fn secret(setting: Setting, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, parse, is_secret: true }
    }

    /// Its value, from the command line, its variable or its default.
    pub fn read(&self, matches: &ArgMatches) -> Result<T, Problem> {
        self.find(matches)?.ok_or_else(|| Problem::Usage(format!("--{} needs a value", self.setting.id)))
    }

    /// The same, where it is set or has a default.
    pub fn find(&self, matches: &ArgMatches) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(matches) else { return Ok(None) };
        (self.parse)(text)
            .map(Some)
            .map_err(|why| self.problem(matches, &if self.is_secret { why } else { format!("{text:?} {why}") }))
    }

    /// Its text, wherever it is from.
    pub fn text<'a>(&self, matches: &'a ArgMatches) -> Option<&'a str> {
        matches.try_get_one::<String>(self.setting.id).ok().flatten().map(String::as_str)
    }

    /// Whether it is set at all.
    pub fn is_set(&self, matches: &ArgMatches) -> bool {
        self.text(matches).is_some()
    }

    /// Whether its value is its default.
    pub fn is_default(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.setting.id).is_none_or(|it| it == ValueSource::DefaultValue)
    }

    /// Whether it stands on this command line.
    pub fn is_typed(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.setting.id) == Some(ValueSource::CommandLine)
    }

    /// What is wrong with it, by where it came from: a usage error, or a configuration error that names the variable (spec 01).
    fn problem(&self, matches: &ArgMatches, what: &str) -> Problem {
        match (matches.value_source(self.setting.id), self.setting.variable) {
            (Some(ValueSource::EnvVariable), Some(variable)) => {
                let equals = if self.is_secret { " " } else { "=" };
                Problem::configuration(format!("{variable}{equals}{what}"))
            }
            _ => Problem::Usage(format!("--{} {what}", self.setting.id)),
        }
    }
}

/// Any text.
pub(super) const fn text(setting: Setting) -> Typed<String> {
    Typed::new(setting, |text| Ok(text.to_owned()))
}

/// An argument that is there or not.
#[derive(Clone, Copy)]
pub struct Switch {
    pub(super) id: &'static str,
    variable: &'static str,
    help: &'static str,
}

impl Switch {
    /// From its flag, its variable and its help.
    pub(super) const fn new(id: &'static str, variable: &'static str, help: &'static str) -> Self {
        Self { id, variable, help }
    }

    /// As clap sees it.
    pub(super) fn arg(&self) -> Arg {
        Arg::new(self.id)
            .long(self.id)
            .env(self.variable)
            .hide_env_values(true)
            .action(ArgAction::SetTrue)
            .value_parser(switched)
            .help(self.help)
    }

    /// Whether it is on. One that the command does not take is off.
    pub fn is_on(&self, matches: &ArgMatches) -> bool {
        matches.try_get_one::<bool>(self.id).ok().flatten().copied().unwrap_or_default()
    }

    /// Whether it stands on this command line.
    pub fn is_typed(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.id) == Some(ValueSource::CommandLine)
    }
}

/// Why a switch's variable is refused.
pub(super) const NO_SWITCH: &str = "is neither true nor false";

/// What a switch's variable says; nothing is no.
fn switched(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "n" | "f" => Ok(false),
        "y" | "t" => Ok(true),
        text => parse::switch(text),
    }
}

/// Arguments without a flag.
#[derive(Clone, Copy)]
pub struct Positional {
    pub(super) id: &'static str,
    value: &'static str,
    help: &'static str,
}

impl Positional {
    /// From the name of its value and its help.
    pub(super) const fn new(id: &'static str, value: &'static str, help: &'static str) -> Self {
        Self { id, value, help }
    }

    /// As clap sees it.
    pub(super) fn arg(&self) -> Arg {
        Arg::new(self.id).value_name(self.value).help(self.help)
    }

    /// The only one, or the first.
    pub fn text<'a>(&self, matches: &'a ArgMatches) -> Option<&'a str> {
        self.texts(matches).next()
    }

    /// All of them.
    pub fn texts<'a>(&self, matches: &'a ArgMatches) -> impl Iterator<Item = &'a str> {
        let values = matches.try_get_many::<String>(self.id).ok().flatten();
        values.into_iter().flatten().map(String::as_str)
    }
}
