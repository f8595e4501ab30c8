//! Spans of time for people.

/// Formats seconds in at most two units: `12 s`, `16 h 30 min`, `4 d 4 h`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_have_at_most_two_units() {
        let said = [0, 59, 59 * 60, 8 * 3600, 59_400, 86_400, 360_000, 864_000].map(span);
        assert_eq!(said, ["0 s", "59 s", "59 min", "8 h", "16 h 30 min", "1 d", "4 d 4 h", "10 d"]);
    }
}
