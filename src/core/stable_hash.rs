//! Chance without randomness: the same input draws the same number on every host and in every release.

use sha2::{Digest, Sha256};

/// A number from `parts`: the first eight bytes, big-endian, of SHA-256 over the parts, each after its length in bytes.
#[must_use]
pub fn hash64(parts: &[&str]) -> u64 {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part.as_bytes());
    }
    sha.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// A number in `[0, 1)` from `parts`: the upper 53 bits of [`hash64`], as many as an `f64` holds exactly.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact in an f64")]
pub fn unit(parts: &[&str]) -> f64 {
    (hash64(parts) >> 11) as f64 / (1_u64 << 53) as f64
}
