//! Tests from outside: the real binary, a real SQLite file, a real PostgreSQL. `scripts/test` sets them up.

mod support;

mod bad_input;
mod contract;
mod decay;
mod secrets;
mod skips;
mod smoke;
