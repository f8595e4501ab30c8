//! Merges the bytes of a piece into tokens: again and again the two neighbours that are the token of the lowest rank, the first of equals.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::rank;

/// An absorbed part's end.
const GONE: usize = 0;

/// The lengths of a piece's tokens in bytes.
pub(super) fn lengths(piece: &[u8]) -> Vec<usize> {
    if rank(piece).is_some() {
        return vec![piece.len()];
    }
    let length = piece.len();
    // Of each part by its start: where it ends, and where the one before it starts.
    let mut ends: Vec<usize> = (1..=length).collect();
    let mut befores: Vec<usize> = (0..length).map(|start| start.saturating_sub(1)).collect();
    let pair = |start: usize, end: usize| Some(Reverse((rank(&piece[start..end])?, start, end)));
    let mut pairs: BinaryHeap<_> = (2..=length).filter_map(|end| pair(end - 2, end)).collect();
    while let Some(Reverse((_, start, end))) = pairs.pop() {
        let middle = ends[start];
        // One of the two has been merged with another part meanwhile.
        if middle == GONE || middle >= end || ends[middle] != end {
            continue;
        }
        ends[start] = end;
        ends[middle] = GONE;
        if start > 0 {
            pairs.extend(pair(befores[start], end));
        }
        if end < length {
            befores[end] = start;
            pairs.extend(pair(start, ends[end]));
        }
    }
    (0..length).filter(|&start| ends[start] != GONE).map(|start| ends[start] - start).collect()
}
