//! An argument is a value: its flag, variable, default, help and parser are declared in one place, and no code looks it up by name.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::raw::Problem;
use crate::config::parse;

/// The declaration of an argument. Its flag is the same in all commands that take it; so is its variable, unless each job has
/// its own (`NIKITA_DECAY_WINDOW`).
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) id: &'static str,
    /// None for an argument that makes sense for one call only.
    variable: Option<&'static str>,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
}

/// An argument that a variable can set as well.
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
    /// The same argument with another command's help text.
    pub(super) const fn explained(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// For clap.
    pub(super) fn arg(&self) -> Arg {
        let arg = Arg::new(self.id)
            .long(self.id)
            .value_name(self.value)
            .help(self.help)
            .hide_env_values(true)
            // "-5" is an invalid value, not an unknown flag.
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

/// An argument whose text is parsed as a `T`. Read from a command that does not take it, it is unset.
#[derive(Clone, Copy)]
pub struct Typed<T: 'static> {
    /// Its declaration.
    pub(super) setting: Setting,
    parse: fn(&str) -> Result<T, String>,
    is_secret: bool,
}

impl<T> Typed<T> {
    /// From its declaration and its parser. The parser's error is half a sentence, such as "must be at least 2s".
    pub(super) const fn new(setting: Setting, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, parse, is_secret: false }
    }

    /// The same for a value that is a secret or can contain one: no message repeats it.
    pub(super) const fn secret(setting: Setting, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, parse, is_secret: true }
    }

    /// Its value, from the command line, its variable or its default.
    pub fn read(&self, matches: &ArgMatches) -> Result<T, Problem> {
        self.find(matches)?.ok_or_else(|| Problem::Usage(format!("--{} needs a value", self.setting.id)))
    }

    /// Its value, or none where it is unset and has no default.
    pub fn find(&self, matches: &ArgMatches) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(matches) else { return Ok(None) };
        (self.parse)(text)
            .map(Some)
            .map_err(|why| self.problem(matches, &if self.is_secret { why } else { format!("{text:?} {why}") }))
    }

    /// Its text, from whichever source.
    pub fn text<'a>(&self, matches: &'a ArgMatches) -> Option<&'a str> {
        matches.try_get_one::<String>(self.setting.id).ok().flatten().map(String::as_str)
    }

    /// Whether it has a value, from whichever source.
    pub fn is_set(&self, matches: &ArgMatches) -> bool {
        self.text(matches).is_some()
    }

    /// Whether its value is its default.
    pub fn is_default(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.setting.id).is_none_or(|it| it == ValueSource::DefaultValue)
    }

    /// Whether it was given on the command line.
    pub fn is_typed(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.setting.id) == Some(ValueSource::CommandLine)
    }

    /// Checks that it was not given on the command line without another argument, which it needs. A variable has no effect then.
    ///
    /// # Errors
    /// A usage error if it was.
    pub fn needs(&self, matches: &ArgMatches, other: &str, is_given: bool) -> Result<(), Problem> {
        if self.is_typed(matches) && !is_given {
            return Err(Problem::Usage(format!("--{} needs {other}", self.setting.id)));
        }
        Ok(())
    }

    /// The error by the value's source: a usage error, or a configuration error that names the variable (spec 01).
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

/// A flag without a value.
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

    /// For clap.
    pub(super) fn arg(&self) -> Arg {
        Arg::new(self.id)
            .long(self.id)
            .env(self.variable)
            .hide_env_values(true)
            .action(ArgAction::SetTrue)
            .value_parser(switched)
            .help(self.help)
    }

    /// Whether it is on. A switch that the command does not take is off.
    pub fn is_on(&self, matches: &ArgMatches) -> bool {
        matches.try_get_one::<bool>(self.id).ok().flatten().copied().unwrap_or_default()
    }

    /// Whether it was given on the command line.
    pub fn is_typed(&self, matches: &ArgMatches) -> bool {
        matches.value_source(self.id) == Some(ValueSource::CommandLine)
    }

    /// Whether it is on, where that needs another argument. clap's own `requires` would count a variable that turns it off.
    ///
    /// # Errors
    /// If it is on without the other one.
    pub fn is_on_beside(&self, matches: &ArgMatches, other: &str, is_given: bool) -> Result<bool, Problem> {
        match (self.is_on(matches), is_given) {
            (true, false) if self.is_typed(matches) => Err(Problem::Usage(format!("--{} needs {other}", self.id))),
            (true, false) => Err(Problem::configuration(format!("{} needs {other}", self.variable))),
            (on, _) => Ok(on),
        }
    }
}

/// The error for a switch's variable with an invalid value.
pub(super) const NO_SWITCH: &str = "is neither true nor false";

/// Parses a switch's variable; an empty one is off.
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

    /// For clap.
    pub(super) fn arg(&self) -> Arg {
        Arg::new(self.id).value_name(self.value).help(self.help)
    }

    /// The first value.
    pub fn text<'a>(&self, matches: &'a ArgMatches) -> Option<&'a str> {
        self.texts(matches).next()
    }

    /// All values.
    pub fn texts<'a>(&self, matches: &'a ArgMatches) -> impl Iterator<Item = &'a str> {
        let values = matches.try_get_many::<String>(self.id).ok().flatten();
        values.into_iter().flatten().map(String::as_str)
    }
}
