//! Tests from outside: the real binary, a real SQLite file, a real PostgreSQL. `scripts/test` sets them up.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod support;

mod bad_input;
mod contract;
mod decay;
mod secrets;
mod skips;
mod smoke;
