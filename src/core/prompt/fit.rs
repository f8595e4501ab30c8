//! Counting tokens, and fitting a prompt into its budget.

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::section::Section;
use crate::core::tokens;

/// The most bytes of one token (a run of spaces).
const LONGEST_TOKEN: usize = 128;
/// How far the sum of the parts' lengths can be from the prompt's length, in tokens.
const SLACK: usize = 8;

/// A prompt within its budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fitted {
    /// The text.
    pub text: String,
    /// Its length in tokens.
    pub tokens: usize,
    /// The sections that were left out, in order.
    pub left_out: Vec<Section>,
    /// Whether the end was cut.
    pub cut: bool,
}

/// The length of a text in tokens.
///
/// Counted with `cl100k_base`. Vendors of current models publish no tokenizer or one that needs slightly fewer tokens, so this
/// count is on the safe side.
#[must_use]
pub fn count(text: &str) -> usize {
    tokens::lengths(text).count()
}

/// The length of a text in tokens; `None` if it is over `budget`.
#[must_use]
pub fn count_within(text: &str, budget: usize) -> Option<usize> {
    count_bounded(text, budget).filter(|&tokens| tokens <= budget)
}

/// The length of a text in tokens; `None`, without counting, if its bytes alone put it over `budget`.
fn count_bounded(text: &str, budget: usize) -> Option<usize> {
    (text.len() <= budget.saturating_mul(LONGEST_TOKEN)).then(|| count(text))
}

/// Joins the sections and shortens them to `budget` tokens: leaves out [`Section::DISPENSABLE`] in order, then cuts the end at a
/// sentence, or else at a word, or else at a character. The result never exceeds the budget.
#[must_use]
pub fn fit(mut sections: Vec<(Section, String)>, budget: usize) -> Fitted {
    let mut text = join(&sections);
    let mut about = count_bounded(&text, budget);
    if let Some(tokens) = about.filter(|&tokens| tokens <= budget) {
        return Fitted { text, tokens, left_out: Vec::new(), cut: false };
    }
    let mut left_out = Vec::new();
    for going in Section::DISPENSABLE {
        // A section that rendered to nothing does not count as left out.
        let Some(index) = sections.iter().position(|&(section, _)| section == going) else { continue };
        let (_, gone) = sections.remove(index);
        left_out.push(going);
        text = join(&sections);
        // Sections end at token boundaries, so their lengths add up except for the separators. Only a close result is counted.
        about = about.map(|tokens| tokens.saturating_sub(count(&gone)));
        if about.is_none_or(|tokens| tokens <= budget + SLACK) {
            about = count_bounded(&text, budget);
            if let Some(tokens) = about.filter(|&tokens| tokens <= budget) {
                return Fitted { text, tokens, left_out, cut: false };
            }
        }
    }
    let (text, tokens) = cut(&text, budget);
    Fitted { text, tokens, left_out, cut: true }
}

fn join(sections: &[(Section, String)]) -> String {
    sections.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n\n")
}

/// The longest prefix of `text` within `budget`, and its length in tokens.
fn cut(text: &str, budget: usize) -> (String, usize) {
    let reach = reach(text, budget);
    // Ignore a sentence end that would discard more than half of what fits.
    let sentences = ends(text, text.split_sentence_bounds(), reach).take_while(|&end| end * 2 >= reach);
    let words = ends(text, text.split_word_bounds(), reach).take_while(|&end| end * 2 >= reach);
    longest(sentences, text, budget)
        .or_else(|| longest(words, text, budget))
        .or_else(|| longest(ends(text, text.graphemes(true), reach), text, budget))
        .unwrap_or_default()
}

/// The length in bytes of the first `budget` tokens. The cut is close to it, so the search starts there.
fn reach(text: &str, budget: usize) -> usize {
    let most = budget.saturating_mul(LONGEST_TOKEN);
    let bounded = match text.char_indices().find(|(start, _)| *start >= most) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    tokens::lengths(bounded).take(budget).sum()
}

/// The ends of the pieces of `text` up to `reach`, last first.
fn ends<'a>(text: &str, pieces: impl Iterator<Item = &'a str>, reach: usize) -> impl Iterator<Item = usize> {
    let mut end = 0;
    let mut ends: Vec<usize> = pieces
        .map(|piece| {
            end += piece.len();
            end
        })
        .take_while(|&end| text[..end].trim_end().len() <= reach)
        .collect();
    std::iter::from_fn(move || ends.pop())
}

/// The first cut that keeps something within the budget. A cut changes only the last token or two, so the first or second try
/// succeeds.
fn longest(ends: impl Iterator<Item = usize>, text: &str, budget: usize) -> Option<(String, usize)> {
    ends.map(|end| without_bare_heading(&text[..end]))
        .filter(|kept| !kept.is_empty())
        .find_map(|kept| Some((kept.to_owned(), count_within(kept, budget)?)))
}

/// Removes a heading, or a line that announces a list, whose content was cut off.
fn without_bare_heading(text: &str) -> &str {
    let mut kept = text.trim_end();
    loop {
        let last = kept.rfind('\n').map_or(0, |end| end + 1);
        let line = &kept[last..];
        if line.is_empty() || !(line.starts_with('#') || line.ends_with(':')) {
            return kept;
        }
        kept = kept[..last].trim_end();
    }
}

#[cfg(test)]
mod tests;
