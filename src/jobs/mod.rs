//! The verbs: one file a job. Each does its work inside [`crate::run::lifecycle`] and reports the fields of the contract. Four only
//! look, and need no run: [`health`], [`stats`], [`status`], [`report`].

pub mod decay;
pub mod demo;
pub mod health;
pub mod look;
pub mod process_conversations;
pub mod prompt;
pub mod recover;
pub mod report;
pub mod scan_stuck;
pub mod stats;
pub mod status;
