//! Language models and embeddings (spec 05).

pub mod local;
