//! Settings: from flags, environment and files to plain values that are right.

pub mod database;
