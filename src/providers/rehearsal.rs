//! Rehearsals: deliberate failures and delays, to see how a run handles them before a real provider causes them.
//!
//! `NIKITA_REHEARSE="latency=200ms, extraction=unavailable, touchpoint=fail*2"`: every model call takes 200 ms, the provider is
//! unavailable for every extraction, the first two tries of touchpoint fail.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::core::ask::NoAnswer;
use crate::core::stages::step::StageError;
use crate::core::stages::{STAGES, StageName};

/// The rehearsed failures and delays; none by default.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// The delay of every model call.
    pub latency: Duration,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    stage: StageName,
    kind: Kind,
    times: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fail,
    Unavailable,
    Refuse,
    Misconfigure,
    Panic,
    Hang,
}

const KINDS: [(&str, Kind); 6] = [
    ("fail", Kind::Fail),
    ("unavailable", Kind::Unavailable),
    ("refuse", Kind::Refuse),
    ("misconfigure", Kind::Misconfigure),
    ("panic", Kind::Panic),
    ("hang", Kind::Hang),
];

impl Rehearsal {
    /// Reads a `NIKITA_REHEARSE`.
    ///
    /// # Errors
    /// The error names the invalid part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rehearsal = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, what)) = part.split_once('=') else {
                return Err(format!("{part:?} is not name=value, such as latency=200ms or extraction=unavailable"));
            };
            if name == "latency" {
                rehearsal.latency = humantime::parse_duration(what).map_err(|why| format!("{part:?}: {why}"))?;
                continue;
            }
            let Some(stage) = STAGES.iter().find(|stage| stage.name.as_str() == name) else {
                return Err(format!("{part:?} names no stage"));
            };
            let (kind, times) = what.split_once('*').unwrap_or((what, "4294967295"));
            let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == kind) else {
                let known: Vec<_> = KINDS.iter().map(|(word, _)| *word).collect();
                return Err(format!("{part:?} names no failure; known are {}", known.join(", ")));
            };
            let times = times.parse().map_err(|_| format!("{part:?}: {times:?} is not a number of times"))?;
            rehearsal.faults.push(Fault { stage: stage.name, kind: *kind, times: AtomicU32::new(times) });
        }
        Ok(rehearsal)
    }

    /// Fails as rehearsed for this stage, as often as rehearsed.
    pub(super) async fn play(&self, stage: StageName) -> Result<(), StageError> {
        for fault in self.faults.iter().filter(|fault| fault.stage == stage) {
            if fault.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
                continue;
            }
            let why = || "rehearsed".to_owned();
            return Err(match fault.kind {
                Kind::Fail => StageError::Failed(why()),
                Kind::Unavailable => NoAnswer::Unavailable(why()).into(),
                Kind::Refuse => NoAnswer::Declined(why()).into(),
                Kind::Misconfigure => NoAnswer::Configuration(why()).into(),
                #[expect(clippy::panic, reason = "a rehearsed bug has to be one")]
                Kind::Panic => panic!("rehearsed"),
                Kind::Hang => std::future::pending().await,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_latency_and_faults() {
        let rehearsal = Rehearsal::parse("latency=200ms, touchpoint=fail*2").expect("valid");
        assert_eq!(rehearsal.latency, Duration::from_millis(200));
        assert_eq!(rehearsal.faults.len(), 1);
        assert!(Rehearsal::parse("").is_ok());
    }

    #[test]
    fn errors_name_the_invalid_part() {
        for (text, said) in [
            ("latency", "is not name=value"),
            ("dinner=fail", "names no stage"),
            ("summary=sulk", "names no failure"),
            ("summary=fail*often", "is not a number of times"),
            ("latency=soon", "latency=soon"),
        ] {
            let error = Rehearsal::parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[tokio::test]
    async fn fails_as_often_as_configured() {
        let rehearsal = Rehearsal::parse("touchpoint=fail*2").expect("valid");
        assert!(rehearsal.play(StageName::Summary).await.is_ok());
        assert!(rehearsal.play(StageName::Touchpoint).await.is_err());
        assert!(rehearsal.play(StageName::Touchpoint).await.is_err());
        assert!(rehearsal.play(StageName::Touchpoint).await.is_ok());
    }
}
