//! A setting that is read as a value: flag, variable, default, help and parser stand in one place, and nothing looks it up by its name.

use clap::ArgMatches;

use super::Setting;
use crate::cli::raw::{self, Problem};

/// A setting whose text is read as a `T`.
pub struct Typed<T: 'static> {
    /// As the command line and the help have it.
    pub(super) setting: Setting,
    parse: fn(&str) -> Result<T, String>,
}

impl<T> Typed<T> {
    /// From its declaration and its parser, which says what is wrong in half a sentence.
    pub(super) const fn new(setting: Setting, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, parse }
    }

    /// Its value, from the command line, its variable or its default.
    pub fn read(&self, matches: &ArgMatches) -> Result<T, Problem> {
        self.find(matches)?.ok_or_else(|| Problem::Usage(format!("--{} needs a value", self.setting.id)))
    }

    /// The same, where it is set or has a default.
    pub fn find(&self, matches: &ArgMatches) -> Result<Option<T>, Problem> {
        let Some(text) = raw::text(matches, self.setting.id) else { return Ok(None) };
        let wrong = |why: String| raw::wrong(matches, self.setting.id, self.setting.variable, text, &why);
        (self.parse)(text).map(Some).map_err(wrong)
    }
}
