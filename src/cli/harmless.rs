//! Text that is safe for terminals and logs. Names, reasons and errors come from a database and from providers, and can contain characters
//! that move the cursor, reverse the text or begin a new line. stdout and stderr take only this type.

use std::fmt::{self, Display, Formatter, Write as _};

use serde_json::value::RawValue;

use crate::core::text::is_unseen;

/// A text without characters that a terminal would act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harmless(Vec<u8>);

impl Harmless {
    /// A text of several lines.
    pub fn text(text: &str) -> Self {
        Self(inert(text, |char| matches!(char, '\n' | '\t')).into_bytes())
    }

    /// JSON, on one line.
    pub fn json(json: &RawValue) -> Self {
        Self(inert_json(json.get()).into_bytes()).ended()
    }

    /// A line of the log: JSON, for the journal with a priority in front.
    pub fn of_log(line: &str) -> Self {
        Self(inert_json(line.trim_end_matches('\n')).into_bytes()).ended()
    }

    /// A text of several lines with our own colours.
    pub fn styled(text: &str) -> Self {
        let lines = |char| char == '\n';
        let mut parts = text.split("\u{1b}[");
        let mut kept = inert(parts.next().unwrap_or_default(), lines);
        for part in parts {
            let end = part.find(|char: char| !(char.is_ascii_digit() || char == ';')).unwrap_or(part.len());
            let is_colour = part.get(end..).is_some_and(|rest| rest.starts_with('m'));
            kept.push_str(if is_colour { "\u{1b}[" } else { "\\u{1b}[" });
            kept.push_str(&inert(part, lines));
        }
        Self(kept.into_bytes())
    }

    /// A text that holds nothing foreign, such as help in colours.
    pub const fn ours(text: Vec<u8>) -> Self {
        Self(text)
    }

    /// Adds an end of line.
    pub fn ended(mut self) -> Self {
        self.0.push(b'\n');
        self
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The text on one line, for a cell of a table.
pub fn flat(text: &str) -> String {
    inert(&text.replace(['\r', '\n', '\t'], " "), |_| false)
}

impl Display for Harmless {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

fn is_active(char: char) -> bool {
    char.is_control() || is_unseen(char) || matches!(char, '\u{2028}' | '\u{2029}')
}

/// Replaces active characters by their code, except those that are `kept`.
fn inert(text: &str, kept: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut inert, char| {
        if is_active(char) && !kept(char) {
            let _ = write!(inert, "{}", char.escape_unicode());
        } else {
            inert.push(char);
        }
        inert
    })
}

/// The same for JSON, which has active characters only in strings, and an escape for each.
fn inert_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut inert, char| {
        if is_active(char) {
            let _ = write!(inert, "\\u{:04x}", u32::from(char));
        } else {
            inert.push(char);
        }
        inert
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::to_raw_value;

    use super::*;

    fn shown(harmless: &Harmless) -> String {
        String::from_utf8(harmless.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_acts_is_shown_as_its_code() {
        assert_eq!(
            shown(&Harmless::text("a\u{1b}[2J\nb\u{9b}1m\u{202e}c\r")),
            "a\\u{1b}[2J\nb\\u{9b}1m\\u{202e}c\\u{d}"
        );
        assert_eq!(flat("a\nerror:\tb\u{202e}"), "a error: b\\u{202e}");
        assert_eq!(shown(&Harmless::json(&to_raw_value("a\u{9b}\u{202e}\n").unwrap())), "\"a\\u009b\\u202e\\n\"\n");
    }

    #[test]
    fn the_log_keeps_its_colours_and_nothing_else() {
        let line = "\u{1b}[31mERROR\u{1b}[0m a\u{1b}[2Jb\u{1b}]0;x\u{7}\nc";
        let kept = "\u{1b}[31mERROR\u{1b}[0m a\\u{1b}[2Jb\\u{1b}]0;x\\u{7}\nc";
        assert_eq!(shown(&Harmless::styled(line)), kept);
        assert_eq!(shown(&Harmless::of_log("{\"a\":\"\u{9b}\"}\n")), "{\"a\":\"\\u009b\"}\n");
    }

    proptest! {
        #[test]
        fn no_text_acts(text in any::<String>()) {
            let acts = |text: &str| text.chars().any(|char| is_active(char) && !matches!(char, '\n' | '\t'));
            prop_assert!(!acts(&shown(&Harmless::text(&text))));
            prop_assert!(!flat(&text).contains(is_active));
            let without_colours = shown(&Harmless::styled(&text.replace('\u{1b}', "")));
            prop_assert!(!acts(&without_colours));
            let json = shown(&Harmless::json(&to_raw_value(&text).unwrap()));
            prop_assert!(!acts(&json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
