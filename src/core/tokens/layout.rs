//! How the vocabulary's table is laid out. `build.rs` writes it with the same file.
//!
//! Numbers of four bytes, little-endian: the slots of a hash table, each the rank of a token; where each token begins among the bytes,
//! and where the last one ends. Then the tokens' bytes.

/// How many tokens there are. Each rank is less.
pub const TOKENS: usize = 100_256;
/// How many slots there are. A token whose slot is taken is in the next free one.
pub const SLOTS: usize = 1 << 18;
/// A slot without a token.
pub const EMPTY: u32 = u32::MAX;

/// The slot at which a token is looked for first: FNV-1a, folded.
pub fn first_slot(token: &[u8]) -> usize {
    let add = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = token.iter().fold(0x811c_9dc5, add);
    (hash ^ hash >> 16) as usize % SLOTS
}
