//! The verbs: one file a job. Each does its work inside [`crate::run::lifecycle`] and reports the fields of the contract.

pub mod decay;
pub mod demo;
pub mod process_conversations;
pub mod prompt;
pub mod recover;
pub mod scan_stuck;
