//! Reads systemd's timers, just enough to see how often they elapse (systemd.timer(5), systemd.time(7)).

use super::rhythm::{Rhythm, numbers, times};

/// How often a timer elapses; `None` if it does not elapse every day, or if it can't be read. `unit` is the unit's file followed
/// by its drop-ins in order.
#[must_use]
pub fn rhythm(unit: &str) -> Option<Rhythm> {
    let mut calendars: Vec<&str> = Vec::new();
    let mut spans: Vec<&str> = Vec::new();
    let mut section = "";
    for line in unit.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| section == "[Timer]") else { continue };
        let value = value.trim();
        let list = match name.trim() {
            "OnCalendar" => &mut calendars,
            "OnUnitActiveSec" | "OnUnitInactiveSec" => &mut spans,
            _ => continue,
        };
        if value.is_empty() {
            // An empty value resets all before it.
            calendars.clear();
            spans.clear();
        } else {
            list.push(value);
        }
    }
    match (&calendars[..], &spans[..]) {
        ([_, ..], []) => {
            let all: Option<Vec<_>> = calendars.into_iter().map(calendar).collect();
            Rhythm::daily(all?.concat())
        }
        ([], [span]) => seconds(span).map(Rhythm::every),
        _ => None,
    }
}

/// The seconds of a day at which a calendar expression elapses.
fn calendar(text: &str) -> Option<Vec<u32>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let time = match words[..] {
        ["minutely"] => "*:*:00",
        ["hourly"] => "*:00:00",
        ["daily"] => "00:00:00",
        [time] | ["*-*-*", time] | ["*-*-*", time, "UTC"] => time,
        _ => return None,
    };
    let parts: Vec<&str> = time.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let field = |field, most| numbers(field, "..", 0, most);
    Some(times(&field(hour, 23)?, &field(minute, 59)?, &field(second, 59)?))
}

/// A span such as `5min`; a plain number means seconds.
fn seconds(span: &str) -> Option<i64> {
    let plain = span.parse::<i64>().ok();
    let seconds = plain.or_else(|| humantime::parse_duration(span).ok()?.as_secs().try_into().ok());
    seconds.filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::Job;

    #[test]
    fn the_shipped_timers_are_the_shipped_schedule() {
        for job in Job::ALL {
            let unit = match job {
                Job::Decay => include_str!("../../../systemd/nikita-jobs-decay.timer"),
                Job::ProcessConversations => include_str!("../../../systemd/nikita-jobs-process-conversations.timer"),
                Job::Recover => include_str!("../../../systemd/nikita-jobs-recover.timer"),
                Job::ScanStuck => include_str!("../../../systemd/nikita-jobs-scan-stuck.timer"),
            };
            assert_eq!(rhythm(unit), Some(Rhythm::every(job.interval())), "{job}");
        }
    }

    #[test]
    fn a_drop_in_replaces_the_calendar() {
        let unit = "[Timer]\nOnCalendar=hourly\n";
        assert_eq!(rhythm(unit), Some(Rhythm::every(3600)));
        let added = format!("{unit}[Timer]\nOnCalendar=*:30\n");
        assert_eq!(rhythm(&added), Some(Rhythm::every(1800)));
        let replaced =
            format!("{unit}[Timer]\nOnCalendar=\nOnCalendar=*-*-* 06,18:00\n[Install]\nOnCalendar=minutely\n");
        assert_eq!(rhythm(&replaced), Some(Rhythm::every(12 * 3600)));
    }

    #[test]
    fn spans_are_read_and_other_timers_have_no_rhythm() {
        assert_eq!(rhythm("[Timer]\nOnBootSec=1min\nOnUnitActiveSec=5min\n"), Some(Rhythm::every(300)));
        assert_eq!(rhythm("[Timer]\nOnUnitActiveSec=90\n"), Some(Rhythm::every(90)));
        for odd in
            ["OnCalendar=Mon *-*-* 05:00", "OnCalendar=weekly", "OnCalendar=*-*-01 00:00", "OnUnitActiveSec=soon", ""]
        {
            assert_eq!(rhythm(&format!("[Timer]\n{odd}\n")), None, "{odd}");
        }
    }
}
