//! How often a schedule elapses.

const DAY: u32 = 86_400;

/// The intervals of a schedule, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The shortest.
    pub shortest: i64,
    /// The longest.
    pub longest: i64,
}

impl Rhythm {
    /// With equal intervals.
    #[must_use]
    pub const fn every(seconds: i64) -> Self {
        Self { shortest: seconds, longest: seconds }
    }

    /// At these seconds of each day, in any order; `None` if there are none.
    #[must_use]
    pub fn daily(mut times: Vec<u32>) -> Option<Self> {
        times.sort_unstable();
        times.dedup();
        let (first, last) = (*times.first()?, *times.last()?);
        let within = times.windows(2).map(|two| two[1] - two[0]);
        let gaps: Vec<u32> = within.chain([first + DAY - last]).collect();
        Some(Self { shortest: gaps.iter().copied().min()?.into(), longest: gaps.iter().copied().max()?.into() })
    }
}

/// The numbers of a field such as `*`, `3-58/5`, `2/5` or `1,31`, from `least` to `most`. `dash` separates the ends of a range.
/// `None` if the field is anything else.
#[must_use]
pub fn numbers(field: &str, dash: &str, least: u32, most: u32) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in field.split(',') {
        let (base, step) = match part.split_once('/') {
            Some((base, step)) => (base, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match base.split_once(dash) {
            _ if base == "*" => (least, most),
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None => {
                let from = base.parse().ok()?;
                // `2/5` continues to the end.
                (from, if step.is_some() { most } else { from })
            }
        };
        if from < least || to > most || from > to {
            return None;
        }
        all.extend((from..=to).step_by(usize::try_from(step.unwrap_or(1)).ok()?));
    }
    Some(all)
}

/// The seconds of a day at which hour, minute and second all match.
#[must_use]
pub fn times(hours: &[u32], minutes: &[u32], seconds: &[u32]) -> Vec<u32> {
    let minutes = || hours.iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 3600 + minute * 60));
    minutes().flat_map(|start| seconds.iter().map(move |second| start + second)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_numbers() {
        assert_eq!(numbers("*", "-", 0, 3), Some(vec![0, 1, 2, 3]));
        assert_eq!(numbers("*/2", "-", 0, 5), Some(vec![0, 2, 4]));
        assert_eq!(numbers("3-13/5", "-", 0, 59), Some(vec![3, 8, 13]));
        assert_eq!(numbers("2/20", "-", 0, 59), Some(vec![2, 22, 42]));
        assert_eq!(numbers("1,31", "-", 0, 59), Some(vec![1, 31]));
        assert_eq!(numbers("1..3", "..", 0, 59), Some(vec![1, 2, 3]));
        for odd in ["", "60", "a", "5-1", "*/0", "1-", "L", "1,,2"] {
            assert_eq!(numbers(odd, "-", 0, 59), None, "{odd:?}");
        }
    }

    #[test]
    fn the_interval_over_midnight_counts() {
        assert_eq!(Rhythm::daily(vec![]), None);
        assert_eq!(Rhythm::daily(vec![7]), Some(Rhythm::every(86_400)));
        assert_eq!(Rhythm::daily(vec![3600, 0, 3600]), Some(Rhythm { shortest: 3600, longest: 82_800 }));
    }
}
