//! The commands, one file each. A job does its work inside [`crate::run::lifecycle`] and reports the fields of the contract. Read-only
//! commands need no run: [`health`], [`stats`], [`status`], [`report`], [`check`], [`failures`], [`why`], [`prompt`] and [`doctor`].

pub mod check;
pub mod decay;
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod failures;
pub mod health;
pub mod look;
pub mod migrate;
pub mod process_conversations;
pub mod prompt;
mod reasons;
pub mod recover;
pub mod report;
pub mod retry;
pub mod scan_stuck;
pub mod stats;
pub mod status;
pub mod why;
