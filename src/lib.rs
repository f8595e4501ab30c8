//! nikita-jobs: the background work of Nikita, a companion game.
//!
//! The layers, from the edge inwards. A module imports only from layers below its own (`tests/architecture.rs` checks it):
//!
//! ```text
//! cli        arguments, composition, exit codes, output
//! jobs       one file per verb          monitor   metrics file, pings, traces
//! run        the imperative shell: lifecycle, heartbeat, walking the stages
//! store      all SQL            providers   models            config   settings, validated once
//! core       the rules, pure
//! domain     the nouns
//! ```

#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod domain;
pub mod jobs;
pub mod monitor;
pub mod providers;
pub mod run;
pub mod store;
