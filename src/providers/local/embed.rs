//! Embeddings by feature hashing: texts that share words or parts of words have similar vectors.
//!
//! The features are word stems, pairs of stems, and the 3- to 5-grams of characters within each word. A feature's FNV-1a hash
//! (64 bits; public domain, the same on every platform) gives its dimension and its sign (Weinberger et al., 2009), so that no
//! vocabulary is needed. The code uses only additions, products and square roots, which IEEE 754 rounds the same everywhere.

use std::collections::BTreeMap;

use unicode_segmentation::UnicodeSegmentation as _;

use super::words;
use crate::core::ask::DIMENSIONS;

/// The most characters that are read, more than any fact has.
const MOST_CHARACTERS: usize = 10_000;
/// The most characters of one word that are read.
const LONGEST_WORD: usize = 40;
/// A word's weight; a stop word's is [`STOP_WEIGHT`].
const WORD_WEIGHT: f64 = 1.0;
/// Low enough that "now" or "the" hardly changes a sentence, but high enough that two texts of only stop words differ.
const STOP_WEIGHT: f64 = 0.2;
/// A pair's share of its words' weights.
const PAIR_SHARE: f64 = 0.35;
/// The share of a word's weight for all its character n-grams together.
const PARTS_SHARE: f64 = 0.6;

/// A vector of [`DIMENSIONS`] numbers of length 1. Case and punctuation do not count. A text without words is embedded by its visible
/// characters (emoji); an empty one is the first unit vector.
#[must_use]
pub fn embed(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f64; DIMENSIONS];
    for (hash, (count, weight)) in features(text) {
        // Sublinear in the count; a square root instead of the usual logarithm, because its rounding is exact.
        let value = count.sqrt() * weight;
        let dimension = usize::try_from((hash >> 1) % DIMENSIONS as u64).unwrap_or_default();
        vector[dimension] += if hash & 1 == 0 { value } else { -value };
    }
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm < 1e-9 {
        vector.fill(0.0);
        vector[0] = 1.0;
        return narrow(&vector, 1.0);
    }
    narrow(&vector, norm)
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored")]
fn narrow(vector: &[f64], norm: f64) -> Vec<f32> {
    vector.iter().map(|value| (value / norm) as f32).collect()
}

/// Maps each hash to (count, weight), ordered, so that sums are always computed in the same order.
fn features(text: &str) -> BTreeMap<u64, (f64, f64)> {
    let words = words_of(text);
    let weights: Vec<f64> =
        words.iter().map(|word| if words::STOP.contains(&word.as_str()) { STOP_WEIGHT } else { WORD_WEIGHT }).collect();
    let mut features = BTreeMap::new();
    let mut add = |hash: u64, weight: f64| features.entry(hash).or_insert((0.0, weight)).0 += 1.0;
    for (at, word) in words.iter().enumerate() {
        add(fnv1a(&[b"w", stem(word).as_bytes()]), weights[at]);
        let parts = parts(word);
        // The n-grams' squared weights add up to the word's share, so that a long word counts no more than a short one.
        let share = weights[at] * PARTS_SHARE / f64::from(u32::try_from(parts.len()).unwrap_or(u32::MAX)).sqrt();
        for part in &parts {
            add(fnv1a(&[b"c", part.as_bytes()]), share);
        }
        if let Some(next) = words.get(at + 1) {
            let weight = PAIR_SHARE * (weights[at] * weights[at + 1]).sqrt();
            add(fnv1a(&[b"p", stem(word).as_bytes(), b" ", stem(next).as_bytes()]), weight);
        }
    }
    features
}

/// The words in lower case, contractions such as "don't" as one word; emoji if there are no words.
fn words_of(text: &str) -> Vec<String> {
    let text: String = text.chars().take(MOST_CHARACTERS).map(|c| if c == '\u{2019}' { '\'' } else { c }).collect();
    let short = |word: &str| word.to_lowercase().chars().take(LONGEST_WORD).collect::<String>();
    let words: Vec<String> = text.unicode_words().map(short).collect();
    if words.is_empty() {
        return text.graphemes(true).filter(|it| !it.trim().is_empty()).map(short).collect();
    }
    words
}

/// Removes a common English ending, so that "works", "worked" and "working" are one word.
fn stem(word: &str) -> &str {
    ["'s", "ing", "ed", "es", "s"]
        .into_iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.chars().count() >= 4))
        .unwrap_or(word)
}

/// The 3- to 5-grams of a word with its boundaries marked.
fn parts(word: &str) -> Vec<String> {
    let bordered: Vec<char> = std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')).collect();
    (3..=5).flat_map(|length| bordered.windows(length).map(|part| part.iter().collect())).collect()
}

/// The 64-bit FNV-1a hash of the concatenated parts.
fn fnv1a(parts: &[&[u8]]) -> u64 {
    parts
        .iter()
        .copied()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    /// The published test vectors (Noll's `test_fnv.c`).
    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(&[b""]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(&[b"a"]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }
}
