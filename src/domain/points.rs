//! Scores as whole hundredths, because they change in steps of 0.01 (spec 03), which binary fractions can't represent.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Serialize, Serializer};

/// A score, or an amount of score, in hundredths of a point: `Points(1920)` is 19.20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(pub i64);

impl Points {
    /// No points at all.
    pub const ZERO: Self = Self(0);

    /// Whole points, such as the boss threshold 55.
    #[must_use]
    pub const fn whole(points: i64) -> Self {
        Self(points * 100)
    }

    /// As a floating-point number, for rules that are not exact (mood, temperature).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "scores are at most 10,000 hundredths")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// The hundredth nearest to a floating-point number of points.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float-to-int `as` saturates, and scores are far from the ends"
    )]
    pub fn from_f64(points: f64) -> Self {
        Self((points * 100.0).round() as i64)
    }
}

impl Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Points {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100))
    }
}

impl Serialize for Points {
    /// As text with two decimals, as in `"points":"412.60"` in results.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    #[test]
    fn shows_two_decimals_on_both_sides_of_zero() {
        assert_eq!(Points(1920).to_string(), "19.20");
        assert_eq!(Points(5).to_string(), "0.05");
        assert_eq!(Points(-5).to_string(), "-0.05");
        assert_eq!(Points::from_f64(0.29), Points(29));
    }
}
