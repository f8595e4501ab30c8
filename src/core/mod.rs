//! The rules, pure and synchronous: the same input gives the same output on every host at any time.
//!
//! No code here uses a database, a network or a clock (`tests/architecture.rs` checks it).

pub mod ask;
pub mod backfill;
pub mod backoff;
pub mod breaker;
pub mod decay;
pub mod disposition;
pub mod doctor;
pub mod expected;
pub mod graph;
pub mod health;
pub mod manner;
pub mod memo;
pub mod prices;
pub mod prompt;
pub mod prose;
pub mod provenance;
pub mod provider_error;
pub mod redact;
pub mod reply;
pub mod retry;
pub mod settings;
pub mod similarity;
pub mod span;
pub mod stable_hash;
pub mod stages;
pub mod text;
pub mod tokens;
pub mod tone;
pub mod transcript;
pub mod usage;
