//! Shortens a rendered transcript, for models with a short context.

use super::{Rendered, cut_front};
use crate::domain::conversation::Role;

/// An estimate of a text's tokens: one for three ASCII characters, and one for each other. Most models need fewer.
#[must_use]
pub fn tokens(text: &str) -> u32 {
    u32::try_from(thirds(text).div_ceil(3)).unwrap_or(u32::MAX)
}

fn thirds(text: &str) -> usize {
    text.chars().map(thirds_of).sum()
}

const fn thirds_of(char: char) -> usize {
    if char.is_ascii() { 1 } else { 3 }
}

/// The beginning of a text, of at most `most` [`tokens`].
#[must_use]
pub fn first_tokens(text: &str, most: u32) -> &str {
    let room = usize::try_from(most).unwrap_or(usize::MAX).saturating_mul(3);
    let mut used = 0;
    let end = text.char_indices().find(|(_, char)| {
        used += thirds_of(*char);
        used > room
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// The newest messages of a [`Rendered`] text that fit into `most` [`tokens`]. If the newest alone is too long, it loses its start.
#[must_use]
pub fn shorten(text: &str, most: u32) -> Rendered {
    if tokens(text) <= most {
        return Rendered { text: text.to_owned(), left_out: 0 };
    }
    let later = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| !text[*at..].starts_with("  "));
    let starts: Vec<usize> = std::iter::once(0).chain(later).collect();
    let room = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut used, mut end, mut first) = (0, text.len(), None);
    for (index, start) in starts.iter().enumerate().rev() {
        used += thirds(&text[*start..end]);
        if used.div_ceil(3) > room {
            break;
        }
        (end, first) = (*start, Some(index));
    }
    if let Some(left_out) = first {
        return Rendered { text: text[starts[left_out]..].to_owned(), left_out };
    }
    let last = &text[starts.last().copied().unwrap_or_default()..];
    let role = if last.starts_with("nikita: ") { Role::Nikita } else { Role::User };
    Rendered { text: cut_front(role, last, room).unwrap_or_default(), left_out: starts.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "user: one\n  more\nnikita: two\nuser: three";

    #[test]
    fn the_oldest_messages_are_left_out_whole() {
        let at = |most| {
            let Rendered { text, left_out } = shorten(TEXT, most);
            (text, left_out)
        };
        assert_eq!(at(100), (TEXT.to_owned(), 0));
        assert_eq!(at(8), ("nikita: two\nuser: three".to_owned(), 1));
        assert_eq!(at(4), ("user: three".to_owned(), 2));
        assert_eq!(at(1), (String::new(), 3));
        let long = format!("nikita: {}", "x".repeat(100));
        assert_eq!(shorten(&long, 20).text, "nikita: … xxxxxxxxxx");
    }

    #[test]
    fn a_beginning_has_at_most_so_many_tokens() {
        for (most, beginning) in [(0, ""), (1, "abc"), (2, "abcde"), (3, "abcdeは"), (4, "abcdeはい")] {
            assert_eq!(first_tokens("abcdeはい", most), beginning);
        }
        assert_eq!(first_tokens("abc", u32::MAX), "abc");
    }

    #[test]
    fn other_scripts_have_more_tokens() {
        assert_eq!((tokens("abcdef"), tokens("はい"), tokens("")), (2, 2, 0));
    }
}
