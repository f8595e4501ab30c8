//! Tests from outside: the real binary, a real SQLite file, a real PostgreSQL. `scripts/test` sets them up.

mod support;

mod decay;
mod demo;
mod smoke;
