//! The result of a read-only command.

use crate::domain::exit::Exit;
use crate::domain::result::{Own, Status};

/// The command's own fields, its status and its exit code.
#[derive(Debug)]
pub struct Look {
    /// The fields besides the common ones.
    pub own: Own,
    /// The status.
    pub status: Status,
    /// The exit code.
    pub exit: Exit,
}

impl Look {
    /// A result of a successful command.
    #[must_use]
    pub fn ok(own: impl Into<Own>) -> Self {
        Self { own: own.into(), status: Status::Ok, exit: Exit::Success }
    }
}

/// Rounds to `places` decimals, for results.
#[must_use]
pub fn rounded(value: f64, places: i32) -> f64 {
    let unit = 10_f64.powi(places);
    (value * unit).round() / unit
}

/// US dollars as in results: text with four decimals.
#[must_use]
pub fn dollars(value: f64) -> String {
    // The sum of an empty list is -0.0; adding 0.0 removes the sign.
    format!("{:.4}", value + 0.0)
}
