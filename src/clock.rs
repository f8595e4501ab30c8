//! The host's clock and random numbers. No other module reads either (clippy.toml).
//!
//! The host's clock only measures durations. The time of day comes from the database (spec 02), except in [`host_time`].

use std::time::{Instant, SystemTime};

use uuid::Uuid;

use crate::domain::ids::{ExecutionId, Token};

/// Starts a stopwatch.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn start() -> Instant {
    Instant::now()
}

/// Whole milliseconds since `start`.
#[must_use]
pub fn millis_since(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// A new execution's id. Ids sort by creation time, which keeps the primary key's index dense.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_execution() -> ExecutionId {
    ExecutionId(Uuid::now_v7())
}

/// A fresh random token.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_token() -> Token {
    Token(Uuid::new_v4())
}

/// A random id for a row or an entry that nothing else identifies.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}

/// The host's time of day. Only for a `retry-after` that is a date, in a response without a `date` header.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn host_time() -> SystemTime {
    SystemTime::now()
}

/// A random number from 0 to 1, for jitter. Decisions use [`crate::core::stable_hash`] instead, so that a rerun repeats them.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn chance() -> f64 {
    let drawn = Uuid::new_v4().as_u128() >> 96;
    u32::try_from(drawn).map_or(0.5, |drawn| f64::from(drawn) / f64::from(u32::MAX))
}
