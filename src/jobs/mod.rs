//! One module a verb.

pub mod demo;
