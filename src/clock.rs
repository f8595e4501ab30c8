//! The host's clock and its dice: the only place that reads either (clippy.toml).
//!
//! The host's clock only measures how long something takes. What time it *is*, the database says (spec 02); the one exception
//! is [`host_time`].

use std::time::{Instant, SystemTime};

use uuid::Uuid;

use crate::domain::ids::{ExecutionId, Token};

/// Begins to measure a span of time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn start() -> Instant {
    Instant::now()
}

/// Milliseconds since `start`, to the nearest whole one.
#[must_use]
pub fn millis_since(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// A new execution's id: ids sort by when they were drawn, which keeps the primary key's index dense.
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

/// A fresh random id for a row or an entry that nothing else identifies.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}

/// The host's time of day. Only for a provider's `retry-after` that is a date, where the reply does not say what time the
/// provider has.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn host_time() -> SystemTime {
    SystemTime::now()
}

/// A random number from 0 to 1, for pauses that must not fall together. What decides something takes a stable hash.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn chance() -> f64 {
    let drawn = Uuid::new_v4().as_u128() >> 96;
    u32::try_from(drawn).map_or(0.5, |drawn| f64::from(drawn) / f64::from(u32::MAX))
}
