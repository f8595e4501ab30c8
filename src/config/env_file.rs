//! Reads an env file as systemd's `EnvironmentFile=` does (`systemd.exec`(5)), so that services and people can share one file:
//! nothing is substituted, quotes and backslashes work as in a shell, `#` and `;` begin a comment.
//!
//! One extension for dotenv files: `export` before a name is accepted, where systemd would ignore the line. One difference: text
//! after `#` behind an unquoted value is a comment, but part of the value for systemd. That causes a remark.

use std::iter::Peekable;
use std::str::Chars;

/// The content of an env file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Names and values, in the file's order; if one is set twice, the last counts.
    pub variables: Vec<(String, String)>,
    /// Remarks for the file's owner, without any values.
    pub remarks: Vec<String>,
}

/// Reads a whole file.
///
/// # Errors
/// The error names the invalid line but never quotes it, because it can contain a secret.
pub fn parse(bytes: &[u8]) -> Result<EnvFile, String> {
    let line_of = |at: usize| bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("has a NUL byte in line {}", line_of(at)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("is not UTF-8 text in line {}", line_of(error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Reader { rest: text.chars().peekable(), line: 1, found: EnvFile::default() }.all()
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    found: EnvFile,
}

impl Reader<'_> {
    fn all(mut self) -> Result<EnvFile, String> {
        while let Some(first) = self.rest.peek() {
            match first {
                '#' | ';' => self.skip_line(),
                first if first.is_ascii_whitespace() => drop(self.next()),
                _ => {
                    let begun = self.line;
                    let name = self.name()?;
                    let value = self.value()?;
                    if value.dollar {
                        self.found.remarks.push(format!("line {begun}: ${{…}} is not expanded, but used literally"));
                    }
                    self.found.variables.retain(|(it, _)| *it != name);
                    self.found.variables.push((name, value.text));
                }
            }
        }
        Ok(self.found)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        if next == Some('\n') {
            self.line += 1;
        }
        next
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|char| char != '\n') {}
    }

    fn name(&mut self) -> Result<String, String> {
        let line = self.line;
        let mut name = String::new();
        loop {
            match self.next() {
                Some('=') => break,
                Some('\n') | None => return Err(format!("has a line that is not NAME=value (line {line})")),
                Some(char) => name.push(char),
            }
        }
        let name = name.trim_end();
        let name = name.strip_prefix("export").filter(|it| it.starts_with([' ', '\t'])).unwrap_or(name).trim_start();
        if is_name(name) {
            Ok(name.to_owned())
        } else {
            Err(format!("has a line that is not NAME=value (line {line})"))
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        let line = self.line;
        let mut value = Value::default();
        // Quotes are quotes only before the first other character.
        let mut at_start = true;
        let mut after_blank = false;
        while let Some(char) = self.next() {
            match char {
                '\n' => break,
                '\'' | '"' if at_start => self.quoted(char, &mut value)?,
                '\\' => {
                    at_start = false;
                    if let Some(escaped) = self.next().filter(|char| *char != '\n') {
                        value.keep(escaped);
                    }
                }
                '#' if after_blank => {
                    self.found.remarks.push(format!(
                        "line {line}: the text after # is a comment here but part of the value for systemd; put it on a line \
                         of its own"
                    ));
                    self.skip_line();
                    break;
                }
                char if char.is_ascii_whitespace() => {
                    if !at_start {
                        value.text.push(char);
                    }
                }
                char => {
                    at_start = false;
                    value.dollar |= char == '$' && self.rest.peek() == Some(&'{');
                    value.keep(char);
                }
            }
            after_blank = char.is_ascii_whitespace();
        }
        value.text.truncate(value.kept);
        Ok(value)
    }

    /// Reads up to the closing quote.
    fn quoted(&mut self, quote: char, value: &mut Value) -> Result<(), String> {
        let line = self.line;
        loop {
            match self.next() {
                None => {
                    return Err(format!("has a line that is not NAME=value: a quote is not closed (line {line})"));
                }
                Some(char) if char == quote => return Ok(()),
                Some('\\') if quote == '"' => match self.next() {
                    Some('\n') | None => {}
                    Some(escaped @ ('"' | '\\' | '`' | '$')) => value.keep(escaped),
                    Some(other) => {
                        value.keep('\\');
                        value.keep(other);
                    }
                },
                Some(char) => {
                    value.dollar |= quote == '"' && char == '$' && self.rest.peek() == Some(&'{');
                    value.keep(char);
                }
            }
        }
    }
}

#[derive(Default)]
struct Value {
    text: String,
    /// Its length in bytes without trailing blanks.
    kept: usize,
    /// Whether it contains something that a shell would expand.
    dollar: bool,
}

impl Value {
    fn keep(&mut self, char: char) {
        self.text.push(char);
        self.kept = self.text.len();
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "_.".contains(char))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::parse;

    fn value(line: &str) -> String {
        let file = parse(format!("before=1\n{line}\nafter=2\n").as_bytes()).unwrap();
        assert_eq!(file.variables.len(), 3, "{file:?}");
        file.variables[1].1.clone()
    }

    /// Lines and their values in systemd, by `EnvironmentFile=` in systemd.exec(5) and `env-file.c`.
    #[rstest]
    #[case::plain("A=b", "b")]
    #[case::empty("A=", "")]
    #[case::blanks_around("  A =  b  ", "b")]
    #[case::blanks_within("A=b  c", "b  c")]
    #[case::carriage_return("A=b\r", "b")]
    #[case::dollar("A=p$w$$d", "p$w$$d")]
    #[case::dollar_in_quotes("A=\"p$w\"", "p$w")]
    #[case::escaped_dollar_in_quotes(r#"A="p\$w""#, "p$w")]
    #[case::double("A=\"b c\"", "b c")]
    #[case::single("A='b \"c\" \\n $d'", "b \"c\" \\n $d")]
    #[case::escapes(r#"A="a\"b\\c\`d\n""#, "a\"b\\c`d\\n")]
    #[case::bare_escapes(r"A=a\ b\\c\n\'", r"a b\cn'")]
    #[case::escaped_blank_at_the_end(r"A=a\ ", "a ")]
    #[case::quotes_further_on("A=b\"c\"", "b\"c\"")]
    #[case::quotes_in_a_row("A=\"b\"'c'd", "bcd")]
    #[case::quotes_apart("A=\"b\" 'c'", "bc")]
    #[case::blanks_in_quotes("A=' b '", " b ")]
    #[case::hash_within("A=b#c", "b#c")]
    #[case::hash_first("A=#c", "#c")]
    #[case::hash_in_quotes("A='b # c'", "b # c")]
    #[case::semicolon_within("A=b;c ; d", "b;c ; d")]
    #[case::equals_within("A=b=c", "b=c")]
    #[case::over_lines("A=\"b\nc\"", "b\nc")]
    #[case::continued("A=b\\\nc", "bc")]
    #[case::continued_in_quotes("A=\"b\\\nc\"", "bc")]
    #[case::a_url("A=postgres://u:p%20$x@h/d?sslmode=require", "postgres://u:p%20$x@h/d?sslmode=require")]
    fn a_line_is_read_as_systemd_reads_it(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(value(line), expected);
    }

    #[test]
    fn comments_and_blank_lines_set_nothing_and_the_last_of_two_counts() {
        let file = parse("\u{feff}# a=1\n; b=2\n\n \t\n  # c='\nA=1\nB=2\nA=3".as_bytes()).unwrap();
        assert_eq!(file.variables, [("B".into(), "2".into()), ("A".into(), "3".into())]);
        assert!(file.remarks.is_empty());
    }

    #[test]
    fn dotenv_syntax_works_and_differences_to_systemd_cause_remarks() {
        assert_eq!(value("export A=b"), "b");
        let file = parse(b"A=10 # ten\nB='x' # y\nC=\"${HOME}\"\nD='${HOME}'\n").unwrap();
        let values: Vec<_> = file.variables.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["10", "x", "${HOME}", "${HOME}"]);
        let starts: Vec<_> = file.remarks.iter().map(|it| &it[..6]).collect();
        assert_eq!(starts, ["line 1", "line 2", "line 3"]);
    }

    #[rstest]
    #[case("A=1\nhunter2\n", "has a line that is not NAME=value (line 2)")]
    #[case("=hunter2", "has a line that is not NAME=value (line 1)")]
    #[case("a b=hunter2", "has a line that is not NAME=value (line 1)")]
    #[case("9a=hunter2", "has a line that is not NAME=value (line 1)")]
    #[case("A=1\n\nB='hunter2\n", "has a line that is not NAME=value: a quote is not closed (line 3)")]
    #[case("A=1\nB=hunter2\0", "has a NUL byte in line 2")]
    fn errors_name_the_line_and_do_not_quote_it(#[case] text: &str, #[case] said: &str) {
        assert_eq!(parse(text.as_bytes()).unwrap_err(), said);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_an_error_with_the_line() {
        assert_eq!(parse(b"A=1\nB=\xff\n").unwrap_err(), "is not UTF-8 text in line 2");
    }

    proptest! {
        #[test]
        fn every_value_can_be_written(text in "[^\0]{0,40}") {
            let written = text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
            let file = parse(format!("A=\"{written}\"\n").as_bytes()).unwrap();
            prop_assert_eq!(&file.variables[0].1, &text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }
    }
}
