//! What a command has found that only looks.

use crate::domain::exit::Exit;
use crate::domain::result::{Own, Status};

/// The command's own fields, and how it ends.
#[derive(Debug)]
pub struct Look {
    /// The fields beside the common ones.
    pub own: Own,
    /// How it came out.
    pub status: Status,
    /// The exit code.
    pub exit: Exit,
}

impl Look {
    /// Something was found, and that is all there is to say about it.
    #[must_use]
    pub fn ok(own: impl Into<Own>) -> Self {
        Self { own: own.into(), status: Status::Ok, exit: Exit::Success }
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
