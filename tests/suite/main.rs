//! Tests from outside: the real binary, a real SQLite file, a real PostgreSQL. `scripts/test` sets them up.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    clippy::disallowed_methods,
    clippy::large_enum_variant,
    clippy::cast_precision_loss,
    reason = "a test that unwraps nothing fails as it should; counts and hundredths compare exactly; ids are drawn at random"
)]
#![allow(dead_code, reason = "the support is for every test, also those to come")]

mod support;

mod adoption;
mod audits_doc;
mod backfill;
mod bad_input;
mod beside;
mod blame;
mod budget_of_statements;
mod by_id;
mod check;
mod clocks;
mod columns;
mod contract;
mod decay;
mod demo;
mod doctor;
mod exec;
mod failures;
mod field_bugs;
mod generated;
mod growth;
mod health;
mod memory;
mod monitors;
mod oddities;
mod orders;
mod outage;
mod points;
mod poolers;
mod power_cut;
mod process;
mod progress;
mod prompts;
mod providers;
mod recover;
mod report;
mod retention;
mod scan_stuck;
mod schedule;
mod secrets;
mod servers;
mod services;
mod shipped;
mod signals;
mod skips;
mod smoke;
mod spending;
mod statements;
mod stats;
mod status;
mod streams;
mod terminal;
mod timeless;
mod urls;
mod waits;
mod warnings;
mod why;
