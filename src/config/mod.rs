//! Settings: validates flags, environment and files, and turns them into plain values.

pub mod database;
pub mod env_file;
pub mod models;
pub mod parse;
pub mod postgres_url;
pub mod secrets;
pub mod state;
