//! Reads how long a provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.

use std::time::{Duration, SystemTime};

/// The wait in a response's headers; `None` if there is none, or it can't be read. `retry_after_ms` is more exact and takes
/// precedence. A date is compared with the response's own `date`, so that a host with a wrong clock waits correctly, and without one
/// with `now`. A date in the past means no wait.
#[must_use]
pub fn wait(
    retry_after_ms: Option<&str>,
    retry_after: Option<&str>,
    date: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    if let Some(wait) = retry_after_ms.and_then(|text| span(text, 0.001)) {
        return Some(wait);
    }
    let text = retry_after?;
    if let Some(wait) = span(text, 1.0) {
        return Some(wait);
    }
    let until = httpdate::parse_http_date(text.trim()).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default())
}

fn span(text: &str, unit: f64) -> Option<Duration> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)?;
    Some(Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const DATE: &str = "Sun, 22 Nov 2026 12:00:00 GMT";

    #[rstest]
    #[case::absent(None, None, None)]
    #[case::seconds(None, Some("7"), Some(7_000))]
    #[case::fraction(None, Some(" 0.5 "), Some(500))]
    #[case::zero(None, Some("0"), Some(0))]
    #[case::milliseconds_first(Some("1500"), Some("7"), Some(1_500))]
    #[case::unreadable_milliseconds(Some("soon"), Some("7"), Some(7_000))]
    #[case::date(None, Some("Sun, 22 Nov 2026 12:00:30 GMT"), Some(30_000))]
    #[case::past_date(None, Some("Sun, 22 Nov 2026 11:00:00 GMT"), Some(0))]
    #[case::beyond_all_time(None, Some("1e300"), Some(u64::MAX))]
    #[case::negative(None, Some("-1"), None)]
    #[case::infinite(None, Some("inf"), None)]
    #[case::words(None, Some("later"), None)]
    fn reads_what_providers_send(#[case] ms: Option<&str>, #[case] after: Option<&str>, #[case] expected: Option<u64>) {
        // The host's clock is years off: the reply's own date counts.
        let wait = wait(ms, after, Some(DATE), SystemTime::UNIX_EPOCH);
        let expected = expected.map(|ms| if ms == u64::MAX { Duration::MAX } else { Duration::from_millis(ms) });
        assert_eq!(wait, expected);
    }

    #[test]
    fn without_a_date_the_hosts_clock_counts() {
        let now = httpdate::parse_http_date(DATE).unwrap();
        let asked = wait(None, Some("Sun, 22 Nov 2026 12:00:05 GMT"), None, now);
        assert_eq!(asked, Some(Duration::from_secs(5)));
    }

    proptest! {
        #[test]
        fn never_panics(ms in proptest::option::of(".{0,30}"), after in proptest::option::of(".{0,40}")) {
            let _ = wait(ms.as_deref(), after.as_deref(), None, SystemTime::UNIX_EPOCH);
        }
    }
}
