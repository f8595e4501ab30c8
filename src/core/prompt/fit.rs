//! Counting tokens, and fitting a prompt into its budget.

use bpe_openai::{Tokenizer, cl100k_base};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::section::Section;

/// The most bytes that one token of the tokenizer stands for (a run of spaces).
const LONGEST_TOKEN: usize = 128;
/// By how many tokens the lengths of a prompt's parts may miss its own.
const SLACK: usize = 8;

/// A prompt within its budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fitted {
    /// The text.
    pub text: String,
    /// Its length in tokens.
    pub tokens: usize,
    /// The sections that had to go, in the order in which they went.
    pub left_out: Vec<Section>,
    /// Whether the rest had to be cut.
    pub cut: bool,
}

/// The length of a text in tokens.
///
/// By `cl100k_base`: vendors of today's models publish no tokenizer or a slightly denser one, so that it errs on the safe
/// side. The first call in a process loads it.
///
/// The text must have gone through [`crate::core::prose::lines`]: long runs of white space exhaust the tokenizer's pattern.
#[must_use]
pub fn count(text: &str) -> usize {
    tokenizer().count(text)
}

/// The length of a text in tokens; none if it is over `budget`.
#[must_use]
pub fn count_within(text: &str, budget: usize) -> Option<usize> {
    count_bounded(text, budget).filter(|&tokens| tokens <= budget)
}

/// The length of a text in tokens; none, without counting, if it can only be over `budget`.
fn count_bounded(text: &str, budget: usize) -> Option<usize> {
    (text.len() <= budget.saturating_mul(LONGEST_TOKEN)).then(|| count(text))
}

fn tokenizer() -> &'static Tokenizer {
    cl100k_base()
}

/// Joins the sections, and takes away what is over `budget` tokens: [`Section::DISPENSABLE`] in their order, then the end, at
/// a sentence if there is one, else at a word, else at a character. The result never exceeds the budget.
#[must_use]
pub fn fit(mut sections: Vec<(Section, String)>, budget: usize) -> Fitted {
    let mut text = join(&sections);
    let mut about = count_bounded(&text, budget);
    if let Some(tokens) = about.filter(|&tokens| tokens <= budget) {
        return Fitted { text, tokens, left_out: Vec::new(), cut: false };
    }
    let mut left_out = Vec::new();
    for going in Section::DISPENSABLE {
        // A section that has rendered to nothing has not been left out.
        let Some(index) = sections.iter().position(|&(section, _)| section == going) else { continue };
        let (_, gone) = sections.remove(index);
        left_out.push(going);
        text = join(&sections);
        // Sections end where tokens end, so that their lengths add up but for what joins them: a clear excess is not counted.
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

/// The longest beginning of `text` within `budget`, and its length in tokens.
fn cut(text: &str, budget: usize) -> (String, usize) {
    let reach = reach(text, budget);
    // A sentence end that would cost more than half of what fits is as good as none.
    let sentences = ends(text, text.split_sentence_bounds(), reach).take_while(|&end| end * 2 >= reach);
    let words = ends(text, text.split_word_bounds(), reach).take_while(|&end| end * 2 >= reach);
    longest(sentences, text, budget)
        .or_else(|| longest(words, text, budget))
        .or_else(|| longest(ends(text, text.graphemes(true), reach), text, budget))
        .unwrap_or_default()
}

/// How many bytes the first `budget` tokens stand for: no cut can be far from there, which spares counting from the start.
fn reach(text: &str, budget: usize) -> usize {
    let most = budget.saturating_mul(LONGEST_TOKEN);
    let bounded = match text.char_indices().find(|(start, _)| *start >= most) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let tokens = tokenizer().encode(bounded);
    match tokens.get(..budget) {
        Some(first) => tokenizer().bpe.decode_tokens(first).len(),
        None => bounded.len(),
    }
}

/// Where the pieces of `text` end, up to `reach`, the last first.
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

/// The first of the cuts that keeps something within the budget. Cutting shifts the last token or two at most, so that the
/// first or second try does.
fn longest(ends: impl Iterator<Item = usize>, text: &str, budget: usize) -> Option<(String, usize)> {
    ends.map(|end| without_bare_heading(&text[..end]))
        .filter(|kept| !kept.is_empty())
        .find_map(|kept| Some((kept.to_owned(), count_within(kept, budget)?)))
}

/// A heading, or a line that announces a list, says nothing once what it announces is cut off.
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
