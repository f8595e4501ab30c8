//! Settings: from flags, environment and files to plain values that are right.

pub mod database;
pub mod env_file;
pub mod models;
pub mod parse;
pub mod postgres_url;
pub mod secrets;
pub mod state;
