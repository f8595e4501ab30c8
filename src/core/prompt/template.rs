//! A template: compiled and checked once, rendered many times.

use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

use super::section::Section;
use super::variables::Variables;
use crate::core::prose;
use crate::domain::prompt::Platform;

/// A compiled template that uses only known variables.
#[derive(Debug)]
pub struct PromptTemplate {
    environment: Environment<'static>,
    name: String,
}

/// An error in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's name, usually its file.
    pub name: String,
    /// Counted from 1.
    pub line: Option<usize>,
    /// The error, in a sentence.
    pub what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template {}", self.name)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for TemplateError {}

impl PromptTemplate {
    /// The name of the shipped template, and of the file that replaces it in `--template-dir`.
    pub const FILE_NAME: &str = "prompt.j2";

    /// The template in the binary: plain, and suitable for all audiences.
    ///
    /// # Errors
    /// As [`PromptTemplate::parse`]; a unit test makes sure that there are none.
    pub fn shipped() -> Result<Self, TemplateError> {
        Self::parse(Self::FILE_NAME, include_str!("prompt.j2"))
    }

    /// Compiles a template and checks it, so that a run reports errors at its start.
    ///
    /// Every variable must be one of [`Variables`], in all branches. Every [`Section`] must have a block, without text outside
    /// the blocks. And the template must render for both platforms, with full and with empty variables.
    ///
    /// # Errors
    /// The first error, with `name`, the line and, for an unknown variable, its name.
    pub fn parse(name: &str, source: &str) -> Result<Self, TemplateError> {
        let template = Self { environment: environment(name, source)?, name: name.to_owned() };
        template.check_variables(source)?;
        for platform in Platform::ALL {
            for variables in [Variables::sample(platform), Variables::bare(platform)] {
                template.check_blocks(&variables)?;
            }
        }
        Ok(template)
    }

    /// The template's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sections that are not empty, in the order of [`Section::ALL`].
    ///
    /// # Errors
    /// If an expression fails on these variables, such as an index past the end of a list.
    pub fn render(&self, variables: &Variables) -> Result<Vec<(Section, String)>, TemplateError> {
        let (_, sections) = self.run(variables)?;
        let tidy = sections.into_iter().map(|(section, text)| (section, prose::lines(&text)));
        Ok(tidy.filter(|(_, text)| !text.is_empty()).collect())
    }

    /// The whole output, and that of each block.
    fn run(&self, variables: &Variables) -> Result<(String, Vec<(Section, String)>), TemplateError> {
        let run = || -> Result<_, minijinja::Error> {
            let template = self.environment.get_template(&self.name)?;
            // Rendering the whole first lets blocks use variables that are set outside of them.
            let mut rendered = template.render_captured(Value::from(Serde(variables)))?;
            let mut sections = Vec::with_capacity(Section::ALL.len());
            for section in Section::ALL {
                sections.push((section, rendered.with_state_mut(|state| state.render_block(section.as_str()))?));
            }
            Ok((rendered.into_output(), sections))
        };
        run().map_err(|error| explain(&self.name, &error))
    }

    fn check_blocks(&self, variables: &Variables) -> Result<(), TemplateError> {
        let (whole, sections) = self.run(variables)?;
        let ink = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        if ink(&whole) == sections.iter().map(|(_, text)| ink(text)).sum::<usize>() {
            return Ok(());
        }
        let names: Vec<_> = Section::ALL.iter().map(|section| section.as_str()).collect();
        Err(self
            .error(None, format!("text outside of the sections' blocks ({}) would never be shown", names.join(", "))))
    }

    fn check_variables(&self, source: &str) -> Result<(), TemplateError> {
        let template = self.environment.get_template(&self.name).map_err(|error| explain(&self.name, &error))?;
        let known = Value::from(Serde(Variables::sample(Platform::Text)));
        let functions: Vec<_> = self.environment.globals().map(|(name, _)| name.to_owned()).collect();
        let mut unknown: Vec<_> = template
            .undeclared_variables(true)
            .into_iter()
            .filter(|path| !functions.contains(path) && !is_known(&known, path))
            .map(|path| (line_of(source, &path), path))
            .collect();
        unknown.sort();
        match unknown.into_iter().next() {
            Some((line, path)) => Err(self.error(line, format!("unknown variable `{path}`"))),
            None => Ok(()),
        }
    }

    fn error(&self, line: Option<usize>, what: String) -> TemplateError {
        TemplateError { name: self.name.clone(), line, what }
    }
}

fn environment(name: &str, source: &str) -> Result<Environment<'static>, TemplateError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|error| explain(name, &error))?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A prompt is not HTML, whatever its file is called.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Otherwise the error about an undefined variable does not name it.
    environment.set_debug(true);
    environment.add_template_owned(name.to_owned(), source.to_owned()).map_err(|error| explain(name, &error))?;
    Ok(environment)
}

/// Whether `path` leads to a value. Paths into lists are accepted, because the test rendering checks them.
fn is_known(variables: &Value, path: &str) -> bool {
    let mut value = variables.clone();
    for name in path.split('.') {
        match value.get_attr(name) {
            Ok(next) if !next.is_undefined() => value = next,
            _ => return value.as_object().is_some_and(|object| object.repr() == minijinja::value::ObjectRepr::Seq),
        }
    }
    true
}

/// The first line that contains `path` as a whole word.
fn line_of(source: &str, path: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let stands_in = |line: &str| {
        line.match_indices(path).any(|(start, found)| {
            !line[..start].ends_with(is_part) && !line[start + found.len()..].starts_with(is_part)
        })
    };
    source.lines().position(stands_in).map(|line| line + 1)
}

fn explain(name: &str, error: &minijinja::Error) -> TemplateError {
    let detail = error.detail().unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownBlock => format!("a section has no block: {detail}"),
        kind if detail.is_empty() => kind.to_string(),
        kind => format!("{kind}: {detail}"),
    };
    TemplateError { name: name.to_owned(), line: error.line(), what }
}

#[cfg(test)]
mod tests;
