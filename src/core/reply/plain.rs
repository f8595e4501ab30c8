//! A model's plain text without its thinking, code fences and chatter.

use crate::core::text;

/// The tags around thinking: the start of the opening tag, and the closing tag. In lower case.
const THINKING: [(&str, &str); 7] = [
    ("<think", "</think>"),
    ("<thinking", "</thinking>"),
    ("<thought", "</thought>"),
    ("<reasoning", "</reasoning>"),
    ("<reflection", "</reflection>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
];
/// The marker before the answer of a model with channels, and the start of all its markers.
const FINAL_CHANNEL: &str = "<|channel|>final<|message|>";
const MARK: &str = "<|";
/// How first lines begin that only announce what follows.
const OPENERS: [&str; 18] = [
    "here is",
    "here's",
    "here are",
    "sure",
    "certainly",
    "of course",
    "okay",
    "ok,",
    "ok.",
    "ok!",
    "absolutely",
    "got it",
    "below is",
    "alright",
    "understood",
    "great",
    "the polished",
    "polished prompt",
];
/// How last paragraphs begin that only close the conversation.
const CLOSERS: [&str; 12] = [
    "let me know",
    "i hope this",
    "hope this",
    "feel free",
    "would you like",
    "if you'd like",
    "if you would like",
    "please let me",
    "is there anything",
    "i've ",
    "i have ",
    "note: i",
];
/// The longest line that can be chatter, in characters.
const MOST_CHATTER: usize = 200;

/// The most characters of a tag's attributes.
const MOST_ATTRIBUTES: usize = 100;

/// A tag around thinking.
pub(super) enum Tag {
    /// An opening tag, with its closing tag in lower case.
    Opens(&'static str),
    /// A closing tag.
    Closes,
}

/// The tag at the start of a text, and its length in bytes.
pub(super) fn tag_at(text: &str) -> Option<(Tag, usize)> {
    for (open, close) in THINKING {
        if begins(text, close) {
            return Some((Tag::Closes, close.len()));
        }
        if !begins(text, open) {
            continue;
        }
        if !open.starts_with('<') {
            return Some((Tag::Opens(close), open.len()));
        }
        // The tag can have attributes, but not a longer name.
        let rest = &text[open.len()..];
        if rest.starts_with('>') || rest.starts_with(char::is_whitespace) {
            let end = rest.char_indices().take(MOST_ATTRIBUTES).find(|(_, char)| *char == '>');
            let length = end.map_or(0, |(end, _)| end + 1);
            return Some((Tag::Opens(close), open.len() + length));
        }
    }
    None
}

/// Where a closing tag begins.
pub(super) fn find_close(text: &str, close: &str) -> Option<usize> {
    text.as_bytes().windows(close.len()).position(|window| window.eq_ignore_ascii_case(close.as_bytes()))
}

fn begins(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// A text without a byte order mark, other invisible characters and white space at its start.
pub(super) fn strip_bom(text: &str) -> &str {
    text.trim_start_matches(|char: char| text::is_unseen(char) || char.is_whitespace())
}

/// A model's plain-text reply; empty if it contains only thinking. Thinking that is never closed extends to the end.
#[must_use]
pub fn text(reply: &str) -> String {
    let answer = without_marks(strip_bom(reply));
    let answer = without_thinking(answer);
    let answer = unwrapped(unfenced(answer.trim()));
    let answer = without_chatter(answer.trim());
    unquoted(unfenced(answer.trim())).trim().to_owned()
}

/// The final channel's text, up to the next marker.
fn without_marks(reply: &str) -> &str {
    let answer = reply.rfind(FINAL_CHANNEL).map_or(reply, |at| &reply[at + FINAL_CHANNEL.len()..]);
    match answer.find(MARK) {
        Some(0) | None => answer,
        Some(end) => &answer[..end],
    }
}

fn without_thinking(reply: &str) -> String {
    let mut kept = String::with_capacity(reply.len());
    let mut at = 0;
    while at < reply.len() {
        let rest = &reply[at..];
        match tag_at(rest) {
            Some((Tag::Opens(close), length)) => match find_close(&rest[length..], close) {
                Some(end) => at += length + end + close.len(),
                None => break,
            },
            Some((Tag::Closes, length)) => {
                kept.clear();
                at += length;
            }
            None => {
                let next = rest.char_indices().skip(1).find(|(_, char)| matches!(char, '<' | '[' | '◁'));
                let end = next.map_or(rest.len(), |(end, _)| end);
                kept.push_str(&rest[..end]);
                at += end;
            }
        }
    }
    kept
}

/// The content of a code fence, if the fence is all or most of the text.
#[must_use]
pub fn unfenced(text: &str) -> &str {
    let text = strip_bom(text).trim_end();
    let Some(open) = text.find("```") else { return text };
    let Some(line) = text[open..].find('\n') else { return text };
    let start = open + line + 1;
    let end = text[start..].rfind("```").map_or(text.len(), |end| start + end);
    if open == 0 && end >= start || (end - start) * 2 > text.len() { text[start..end].trim() } else { text }
}

/// The only string of a JSON object, if the reply is such an object.
fn unwrapped(text: &str) -> String {
    let fields = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let mut texts = fields.values().filter_map(serde_json::Value::as_str);
    match (texts.next(), texts.next()) {
        (Some(one), None) => one.to_owned(),
        _ => text.to_owned(),
    }
}

/// Removes lines at the start that only announce, and paragraphs at the end that only close the conversation.
fn without_chatter(text: &str) -> &str {
    let mut text = text;
    while let Some((first, rest)) = text.split_once('\n') {
        let line = bare(first);
        let announces = starts(&line, &OPENERS) && (line.ends_with([':', '!']) || line.split_whitespace().count() <= 2);
        if line.chars().count() > MOST_CHATTER || !(announces || is_rule(first)) {
            break;
        }
        text = rest.trim_start();
    }
    while let Some((rest, last)) = text.rsplit_once('\n') {
        let after_gap = rest.ends_with('\n')
            || rest.trim_end().len() < rest.len()
            || is_rule(rest.lines().next_back().unwrap_or_default());
        let leaves = after_gap && starts(&bare(last), &CLOSERS) && last.chars().count() <= MOST_CHATTER;
        if !(leaves || is_rule(last)) {
            break;
        }
        text = rest.trim_end();
    }
    text
}

fn starts(line: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| line.starts_with(beginning))
}

/// A line in lower case without Markdown's emphasis, and with plain apostrophes.
fn bare(line: &str) -> String {
    line.trim_matches(|char: char| char.is_whitespace() || matches!(char, '*' | '_')).replace('’', "'").to_lowercase()
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|char| matches!(char, '-' | '*' | '_' | '='))
}

/// Removes quotation marks around the whole text.
fn unquoted(text: &str) -> &str {
    for (open, close) in [('"', '"'), ('“', '”'), ('«', '»')] {
        if let Some(inner) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close))
            && !inner.contains([open, close])
        {
            return inner;
        }
    }
    text
}
