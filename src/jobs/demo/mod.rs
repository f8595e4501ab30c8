//! `demo`: a sample database, and all four jobs on it.

pub mod sample;
