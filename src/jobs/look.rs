//! What a command has found that only looks.

use serde_json::{Map, Value};

use crate::domain::exit::Exit;

/// The command's own fields, and how it ends.
#[derive(Debug)]
pub struct Look {
    /// The fields beside the common ones.
    pub fields: Map<String, Value>,
    /// The common field `status`.
    pub status: &'static str,
    /// The exit code.
    pub exit: Exit,
}

impl Look {
    /// Something was found, and that is all there is to say about it.
    #[must_use]
    pub fn ok(fields: Map<String, Value>) -> Self {
        Self { fields, status: "ok", exit: Exit::Success }
    }
}

/// An object's fields.
#[must_use]
pub fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// To `places` decimals, for results.
#[must_use]
pub fn rounded(value: f64, places: i32) -> f64 {
    let unit = 10_f64.powi(places);
    (value * unit).round() / unit
}

/// US dollars as results have them: text with four decimals.
#[must_use]
pub fn dollars(value: f64) -> String {
    // The sum of nothing is -0.0.
    format!("{:.4}", value + 0.0)
}
