//! Parsers of settings. An error says what is wrong; the caller adds the name of the setting.

use std::time::Duration;

/// A duration such as `50m` or `1h 30m`; not zero.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text.trim()) {
        Ok(Duration::ZERO) => Err("must be longer than zero".to_owned()),
        Ok(duration) if duration > Duration::from_hours(10 * 365 * 24) => {
            Err("must be shorter than ten years".to_owned())
        }
        Ok(duration) => Ok(duration),
        Err(why) => Err(format!("is not a duration such as 50m or \"1h 30m\": {why}")),
    }
}

/// A duration such as `50m`; `0s` is allowed.
///
/// # Errors
/// What is wrong with it.
pub fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if humantime::parse_duration(text.trim()) == Ok(Duration::ZERO) { Ok(Duration::ZERO) } else { duration(text) }
}

/// A duration such as `90d`, or `never` for no limit.
///
/// # Errors
/// What is wrong with it.
pub fn duration_or_never(text: &str) -> Result<Option<Duration>, String> {
    if text.trim() == "never" {
        return Ok(None);
    }
    duration(text).map(Some).map_err(|why| format!("{why}; \"never\" means no limit"))
}

/// A whole number from 1 to `most`.
///
/// # Errors
/// What is wrong with it.
pub fn count(text: &str, most: i64) -> Result<i64, String> {
    match text.trim().parse::<i64>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(number) => Err(format!("must be from 1 to {most}, not {number}")),
        Err(_) => Err(format!("is not a whole number from 1 to {most}")),
    }
}

/// The same as another integer type.
///
/// # Errors
/// What is wrong with it.
pub fn size<T: TryFrom<i64>>(text: &str, most: i64) -> Result<T, String> {
    T::try_from(count(text, most)?).map_err(|_| TOO_LARGE.to_owned())
}

/// The same from 0 on.
///
/// # Errors
/// What is wrong with it.
pub fn size_or_zero<T: TryFrom<i64>>(text: &str, most: i64) -> Result<T, String> {
    T::try_from(count_or_zero(text, most)?).map_err(|_| TOO_LARGE.to_owned())
}

/// The error if a value within the bound does not fit into the type.
const TOO_LARGE: &str = "is too large";

/// A whole number of seconds, up to ten years as for durations.
///
/// # Errors
/// What is wrong with it.
pub fn seconds(text: &str) -> Result<Duration, String> {
    count(text, 10 * 365 * 24 * 3600).map(|it| Duration::from_secs(it.unsigned_abs()))
}

/// A whole number of minutes, up to ten years as for durations.
///
/// # Errors
/// What is wrong with it.
pub fn minutes(text: &str) -> Result<Duration, String> {
    count(text, 10 * 365 * 24 * 60).map(|it| Duration::from_mins(it.unsigned_abs()))
}

/// An exit code.
///
/// # Errors
/// What is wrong with it.
pub fn exit_code(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| "is not an exit code from 0 to 255".to_owned())
}

/// Whether results are JSON: `json` or `human`.
///
/// # Errors
/// What is wrong with it.
pub fn is_json(text: &str) -> Result<bool, String> {
    match text {
        "json" => Ok(true),
        "human" => Ok(false),
        _ => Err("is neither human nor json".to_owned()),
    }
}

/// A whole number of percent, 0 to 100.
///
/// # Errors
/// What is wrong with it.
pub fn percent(text: &str) -> Result<u8, String> {
    let number = text.trim().parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| "is not a whole number from 0 to 100".to_owned())
}

/// A similarity, over 0 and at most 1.
///
/// # Errors
/// What is wrong with it.
pub fn similarity(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0.0 && *number <= 1.0);
    number.ok_or_else(|| "is not a number over 0 and at most 1 such as 0.87".to_owned())
}

/// A whole number from 0 to `most`.
///
/// # Errors
/// What is wrong with it.
pub fn count_or_zero(text: &str, most: i64) -> Result<i64, String> {
    if text.trim() == "0" { Ok(0) } else { count(text, most).map_err(|why| why.replace("from 1 to", "from 0 to")) }
}

/// A boolean.
///
/// # Errors
/// What is wrong with it.
pub fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// Five values, one per chapter, separated by commas.
///
/// # Errors
/// What is wrong with them.
pub fn by_chapter(text: &str, one: impl Fn(&str) -> Option<i64>, example: &str) -> Result<[i64; 5], String> {
    let values: Option<Vec<i64>> = text.split(',').map(|part| one(part.trim())).collect();
    values
        .and_then(|values| <[i64; 5]>::try_from(values).ok())
        .ok_or_else(|| format!("is not five positive values, one per chapter, such as {example}"))
}

/// Points with at most two decimals, in hundredths; positive.
#[must_use]
pub fn hundredths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 2 || !(whole.to_owned() + fraction).bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(format!("{fraction:0<2}").parse().ok()?)?;
    (value > 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_exact() {
        for (text, value) in [
            ("0.8", Some(80)),
            ("20", Some(2000)),
            ("0.05", Some(5)),
            ("0.123", None),
            ("-1", None),
            ("0", None),
            ("", None),
            ("92233720368547758.07", Some(i64::MAX)),
            ("92233720368547758.08", None),
        ] {
            assert_eq!(hundredths(text), value, "{text:?}");
        }
    }

    #[test]
    fn invalid_durations_are_explained() {
        assert_eq!(duration("1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("0s").unwrap_err(), "must be longer than zero");
        assert!(duration("soon").unwrap_err().starts_with("is not a duration such as 50m"));
        assert!(duration("-5m").is_err());
        assert_eq!(duration_or_zero("0s"), Ok(Duration::ZERO));
    }
}
