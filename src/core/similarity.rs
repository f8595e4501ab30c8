//! Placeholder until the stage helper's version is merged.
/// cos
pub fn cosine(_: &[f32], _: &[f32]) -> f64 { 0.0 }
