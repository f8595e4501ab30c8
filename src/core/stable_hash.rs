//! Deterministic pseudo-random numbers: the same words give the same number on every host and in every version.
//!
//! Touchpoints and life events depend on these, so that a rerun decides the same. **The result must never change**: another number
//! would give players a second, different day.

use sha2::{Digest, Sha256};

/// A 64-bit hash of a list of words: the first eight bytes, big-endian, of the SHA-256 of each word's length in bytes
/// (64 bits, little-endian) and its UTF-8. The lengths keep `["ab", "c"]` and `["a", "bc"]` apart.
#[must_use]
pub fn hash64(parts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// A number in [0, 1): the top 53 bits of [`hash64`], as many as an `f64` holds exactly.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64's mantissa")]
pub fn unit(parts: &[&str]) -> f64 {
    (hash64(parts) >> 11) as f64 / (1_u64 << 53) as f64
}

/// One of `items`; `None` only if the list is empty. If the list's length changes, the same words pick another item.
#[must_use]
pub fn pick<'a, T>(parts: &[&str], items: &'a [T]) -> Option<&'a T> {
    let count = u64::try_from(items.len()).ok().filter(|count| *count > 0)?;
    items.get(usize::try_from(hash64(parts) % count).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{hash64, pick, unit};

    /// Computed independently with Python's hashlib. If one fails, the code is wrong, not the number.
    #[test]
    fn the_hash_never_changes() {
        for (parts, expected) in [
            (&[][..], 0xe3b0_c442_98fc_1c14),
            (&[""], 0xaf55_70f5_a181_0b7a),
            (&["a"], 0xae61_21c8_8ba5_55f6),
            (&["ab", "c"], 0x43ee_6555_79de_01ca),
            (&["a", "bc"], 0x9a8a_cca1_b6c6_c0be),
            (&["Ünï", "2026-11-22"], 0x0887_24ff_5faa_28ef),
        ] {
            assert_eq!(hash64(parts), expected, "{parts:?}");
        }
    }

    #[test]
    fn a_pick_is_stable_and_reaches_every_item() {
        assert_eq!(pick::<u8>(&["x"], &[]), None);
        assert_eq!(pick(&["x"], &[7]), Some(&7));
        let items = [0, 1, 2, 3];
        let mut seen = [0; 4];
        for day in 0..400 {
            let day = day.to_string();
            let item = *pick(&["player", &day], &items).unwrap();
            assert_eq!(pick(&["player", &day], &items), Some(&item));
            seen[item] += 1;
        }
        assert!(seen.iter().all(|count| (60..=140).contains(count)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn a_unit_is_at_least_zero_and_less_than_one(parts in proptest::collection::vec(".*", 0..4)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let unit = unit(&parts);
            prop_assert!((0.0..1.0).contains(&unit));
        }
    }
}
