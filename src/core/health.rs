//! Decides whether the pipeline is healthy, degraded or unhealthy (spec 01), and why.

use std::collections::HashSet;

use super::span::span;
pub use crate::domain::result::{Health, RecoveredCount};

/// How many of the latest conversations the verdict is based on.
pub const CONVERSATIONS: usize = 100;

/// Work that has been pending for longer, in seconds, degrades the health (spec 01).
pub const LONGEST_WAIT: i64 = HOUR;
/// Fewer successes than this, in percent, degrade it.
pub const DEGRADED_BELOW: u8 = 90;
const HOUR: i64 = 3600;

/// One attempt at a conversation, as its run reported it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The conversation's id.
    pub conversation: String,
    /// The entry's status; can be any text if another program wrote it.
    pub status: String,
    /// The duration in milliseconds.
    pub duration_ms: Option<f64>,
}

impl Attempt {
    /// Whether it succeeded. `None` if it says nothing about the pipeline: skipped because the game is over, released, or unknown.
    #[must_use]
    pub fn went_well(&self) -> Option<bool> {
        match self.status.as_str() {
            "success" | "partial_success" => Some(true),
            "failed" | "retrying" => Some(false),
            _ => None,
        }
    }
}

/// The pending conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Ended conversations that are not processed yet, including those that wait for a retry.
    pub count: i64,
    /// For how many seconds the oldest has been due.
    pub oldest_seconds: Option<i64>,
}

/// Stuck work: marked as in progress, although no run works on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stuck {
    /// Conversations in `processing`.
    pub conversations: i64,
    /// Our executions in `running` whose lease has expired.
    pub executions: i64,
}

/// The observations behind a verdict.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The latest attempts, newest first; more than [`CONVERSATIONS`], because some conversations were tried twice.
    pub attempts: Vec<Attempt>,
    /// The pending conversations.
    pub pending: Pending,
    /// The stuck work.
    pub stuck: Stuck,
    /// Our jobs that another program completes too, and how often in the last 24 hours.
    pub foreign: Vec<(String, i64)>,
    /// Jobs with completions dated in the future, and how many.
    pub incredible: Vec<(String, i64)>,
    /// What was recovered in the last hour.
    pub recovered: Vec<RecoveredCount>,
    /// Seconds since a run of `process-conversations` completed; `None` if none ever has.
    pub idle_seconds: Option<i64>,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The worst of the reasons.
    pub health: Health,
    /// Why it is not healthy, the worst first, and what was recovered lately; empty where there is neither.
    pub reasons: Vec<String>,
    /// How many conversations the rates are based on.
    pub judged: usize,
    /// The share that succeeded, from 0 to 1.
    pub success_rate: Option<f64>,
    /// The average duration in milliseconds.
    pub avg_duration_ms: Option<f64>,
}

/// Reaches a verdict. Each conversation counts once, by its latest attempt.
#[must_use]
pub fn judge(observed: &Observed) -> Verdict {
    let mut seen = HashSet::new();
    let latest: Vec<_> = observed
        .attempts
        .iter()
        .filter_map(|attempt| Some((attempt, attempt.went_well()?)))
        .filter(|(attempt, _)| seen.insert(attempt.conversation.as_str()))
        .take(CONVERSATIONS)
        .collect();
    let (judged, well) = (latest.len(), latest.iter().filter(|(_, well)| *well).count());
    let times: Vec<f64> = latest.iter().filter_map(|(attempt, _)| attempt.duration_ms).collect();

    let mut found = Vec::new();
    if well * 100 < judged * usize::from(DEGRADED_BELOW) {
        let health = if well * 100 < judged * 50 { Health::Unhealthy } else { Health::Degraded };
        found.push((health, format!("only {well} of the last {judged} conversations were processed")));
    }
    let Pending { count: pending, oldest_seconds } = observed.pending;
    if pending > 0 && observed.idle_seconds.is_none_or(|idle| idle > HOUR) {
        let since = observed.idle_seconds.map_or_else(|| "ever".to_owned(), |idle| format!("in {}", span(idle)));
        found.push((Health::Unhealthy, format!("no run has completed {since}, while {pending} conversations wait")));
    }
    if let Some(oldest) = oldest_seconds.filter(|oldest| *oldest > LONGEST_WAIT) {
        found.push((Health::Degraded, format!("the oldest pending conversation has waited for {}", span(oldest))));
    }
    let Stuck { conversations, executions } = observed.stuck;
    for (count, what) in
        [(conversations, "conversations stuck in processing"), (executions, "runs whose owner is dead")]
    {
        if count > 0 {
            found.push((Health::Degraded, format!("{what}: {count}")));
        }
    }
    for (job, count) in &observed.foreign {
        found.push((
            Health::Degraded,
            format!("another program runs {job} too; completed in the last 24 hours: {count}"),
        ));
    }
    for (job, count) in &observed.incredible {
        found.push((Health::Degraded, format!("completions of {job} dated in the future, which are ignored: {count}")));
    }
    if !observed.recovered.is_empty() {
        // The trouble is over, and somebody should hear of it.
        let all: Vec<_> =
            observed.recovered.iter().map(|it| format!("{} {} ({})", it.count, it.kind, it.rule)).collect();
        found.push((Health::Healthy, format!("recovered in the last hour: {}", all.join(", "))));
    }
    found.sort_by_key(|(health, _)| std::cmp::Reverse(*health));
    Verdict {
        health: found.first().map_or(Health::Healthy, |(health, _)| *health),
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
        judged,
        success_rate: mean(latest.iter().map(|(_, well)| f64::from(u8::from(*well)))),
        avg_duration_ms: mean(times.into_iter()),
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.sum::<f64>() / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(statuses: &[(&str, usize)]) -> Vec<Attempt> {
        let all = statuses.iter().flat_map(|(status, many)| std::iter::repeat_n(*status, *many));
        let attempt = |(i, status): (usize, &str)| Attempt {
            conversation: i.to_string(),
            status: status.to_owned(),
            duration_ms: Some(100.0),
        };
        all.enumerate().map(attempt).collect()
    }

    fn health(observed: &Observed) -> Health {
        judge(observed).health
    }

    #[test]
    fn the_thresholds_of_the_success_rate() {
        let of =
            |well, not| Observed { attempts: attempts(&[("success", well), ("failed", not)]), ..Observed::default() };
        assert_eq!(health(&of(90, 10)), Health::Healthy);
        assert_eq!(health(&of(89, 11)), Health::Degraded);
        assert_eq!(health(&of(50, 50)), Health::Degraded);
        assert_eq!(health(&of(49, 51)), Health::Unhealthy);
        assert_eq!(judge(&of(0, 0)).success_rate, None);
        assert_eq!(health(&of(0, 0)), Health::Healthy);
    }

    #[test]
    fn only_the_last_hundred_count_each_conversation_once_by_its_latest_attempt() {
        let old = Observed { attempts: attempts(&[("success", 100), ("failed", 300)]), ..Observed::default() };
        assert_eq!(judge(&old).success_rate, Some(1.0));
        let mut attempts = attempts(&[("partial_success", 1), ("retrying", 2)]);
        for attempt in &mut attempts {
            "the same".clone_into(&mut attempt.conversation);
        }
        let verdict = judge(&Observed { attempts, ..Observed::default() });
        assert_eq!((verdict.judged, verdict.success_rate), (1, Some(1.0)));
    }

    #[test]
    fn skipped_and_released_attempts_do_not_count() {
        let all = attempts(&[("skipped", 5), ("released", 5), ("<odd>", 5), ("success", 1)]);
        assert_eq!(judge(&Observed { attempts: all, ..Observed::default() }).judged, 1);
    }

    #[test]
    fn what_was_recovered_is_said_and_is_no_trouble() {
        let one = |kind: &str, rule: &str| RecoveredCount { kind: kind.to_owned(), rule: rule.to_owned(), count: 2 };
        let recovered = vec![one("conversation", "owner_dead"), one("audit", "inactive")];
        let stuck = Stuck { conversations: 1, executions: 0 };
        let verdict = judge(&Observed { recovered: recovered.clone(), ..Observed::default() });
        assert_eq!(verdict.health, Health::Healthy);
        assert_eq!(verdict.reasons, ["recovered in the last hour: 2 conversation (owner_dead), 2 audit (inactive)"]);
        let verdict = judge(&Observed { stuck, recovered, ..Observed::default() });
        assert_eq!((verdict.health, verdict.reasons.len()), (Health::Degraded, 2));
        assert!(verdict.reasons[1].starts_with("recovered"), "the worst comes first");
    }

    #[test]
    fn waiting_and_stuck() {
        let pending = |oldest| Pending { count: 1, oldest_seconds: Some(oldest) };
        let of = |pending, idle_seconds| Observed { pending, idle_seconds, ..Observed::default() };
        assert_eq!(health(&of(pending(HOUR), Some(HOUR))), Health::Healthy);
        assert_eq!(health(&of(pending(HOUR + 1), Some(HOUR))), Health::Degraded);
        assert_eq!(health(&of(pending(1), Some(HOUR + 1))), Health::Unhealthy);
        assert_eq!(health(&of(pending(1), None)), Health::Unhealthy);
        assert_eq!(health(&of(Pending::default(), None)), Health::Healthy);
        for stuck in [Stuck { conversations: 1, executions: 0 }, Stuck { conversations: 0, executions: 1 }] {
            let verdict = judge(&Observed { stuck, ..Observed::default() });
            assert_eq!((verdict.health, verdict.reasons.len()), (Health::Degraded, 1));
        }
        let both = Observed { stuck: Stuck { conversations: 1, executions: 0 }, ..of(pending(1), None) };
        assert!(judge(&both).reasons[0].starts_with("no run has completed ever"), "the worst comes first");
    }
}
