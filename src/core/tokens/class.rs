//! Letters, numbers, signs: `\p{L}`, `\p{N}` and what is neither and no white space.

include!(concat!(env!("OUT_DIR"), "/classes.rs"));

pub(super) fn is_letter(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_alphabetic() } else { is_in(LETTERS, char) }
}

pub(super) fn is_number(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_digit() } else { is_in(NUMBERS, char) }
}

pub(super) fn is_sign(char: char) -> bool {
    !(is_letter(char) || is_number(char) || char.is_whitespace())
}

/// Whether one of the ranges, which are in order, contains it.
fn is_in(ranges: &[(char, char)], char: char) -> bool {
    let next = ranges.partition_point(|&(_, last)| last < char);
    ranges.get(next).is_some_and(|&(first, _)| first <= char)
}
