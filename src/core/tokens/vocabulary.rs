//! The tokens that there are, and their ranks.

use super::layout::{EMPTY, SLOTS, TOKENS, first_slot};

static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cl100k_base.table"));
static NUMBERS: &[[u8; 4]] = TABLE.split_at((SLOTS + TOKENS + 1) * 4).0.as_chunks().0;
static BYTES: &[u8] = TABLE.split_at((SLOTS + TOKENS + 1) * 4).1;

/// The rank of a token; `None` if there is no such token. The lower it is, the earlier the token is merged.
pub(super) fn rank(token: &[u8]) -> Option<u32> {
    let mut slot = first_slot(token);
    loop {
        let rank = number(slot);
        if rank == EMPTY {
            return None;
        }
        let start = SLOTS + rank as usize;
        if &BYTES[number(start) as usize..number(start + 1) as usize] == token {
            return Some(rank);
        }
        slot = (slot + 1) % SLOTS;
    }
}

fn number(index: usize) -> u32 {
    u32::from_le_bytes(NUMBERS[index])
}
