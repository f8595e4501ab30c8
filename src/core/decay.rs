//! Decay: how many points an inactive player loses (spec 03).
//!
//! Decay accrues in steps of 0.01 point. It starts at the end of the grace period or at the watermark (the time up to which the
//! player has been charged), whichever is later. The watermark advances by whole steps, so a partial step carries over, and the
//! total does not depend on when the runs took place.
//!
//! The store charges batches of players with the same arithmetic in SQL. The tests compare it with [`Rules::charge`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::points::Points;

/// How one chapter decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChapterRule {
    /// The grace period after the last interaction.
    pub grace: TimeDelta,
    /// The time to lose 0.01 point.
    pub step: TimeDelta,
}

impl ChapterRule {
    /// The longest grace: a year.
    pub const MOST_GRACE_HOURS: i64 = 24 * 365;
    /// The fastest decay: the whole score in an hour.
    pub const MOST_HUNDREDTHS_PER_HOUR: i64 = 10_000;

    /// From hours of grace and hundredths of a point per hour; `None` if either is out of range.
    #[must_use]
    pub fn new(grace_hours: i64, hundredths_per_hour: i64) -> Option<Self> {
        const HOUR_US: i64 = 3_600_000_000;
        let in_range = (1..=Self::MOST_GRACE_HOURS).contains(&grace_hours)
            && (1..=Self::MOST_HUNDREDTHS_PER_HOUR).contains(&hundredths_per_hour);
        in_range.then(|| Self {
            grace: TimeDelta::hours(grace_hours),
            // Rounded to a microsecond: an error of under 0.2 s a year for any rate.
            step: TimeDelta::microseconds((HOUR_US + hundredths_per_hour / 2) / hundredths_per_hour),
        })
    }
}

/// How all chapters decay, and the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Chapters 1 to 5.
    pub chapters: [ChapterRule; 5],
    /// The most that one run takes from a player. Anything above this cap is written off.
    pub most_per_run: Points,
}

/// Spec 03's graces in hours, by chapter.
pub const GRACE_HOURS: [i64; 5] = [8, 16, 24, 48, 72];
/// Spec 03's rates in hundredths of a point per hour, by chapter.
pub const HUNDREDTHS_PER_HOUR: [i64; 5] = [80, 60, 40, 30, 20];
/// Spec 03's cap per run.
pub const MOST_PER_RUN: Points = Points::whole(20);
/// How long players who have never interacted count as overdue.
pub const NEVER_INTERACTED: TimeDelta = TimeDelta::hours(24);
/// Falling below this schedules a warning.
pub const WARN_BELOW: Points = Points::whole(40);

/// The least time between two warnings to a player.
pub const WARN_EVERY: TimeDelta = TimeDelta::hours(24);

/// The fields of a player that decay depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// 1 to 5; others are never charged.
    pub chapter: i32,
    /// The score.
    pub score: Points,
    /// The last interaction.
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// The watermark.
    pub decayed_through: Option<DateTime<Utc>>,
}

/// The decay of one player in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The points taken.
    pub amount: Points,
    /// The points left.
    pub score: Points,
    /// The new watermark.
    pub decayed_through: DateTime<Utc>,
}

impl Rules {
    /// How far back another program's charge matters. A player who has not been charged for longer reaches the cap in any chapter.
    #[must_use]
    pub fn looks_back(&self) -> TimeDelta {
        let slowest = self.chapters.iter().map(|it| it.step.num_microseconds().unwrap_or(i64::MAX)).max();
        TimeDelta::microseconds(slowest.unwrap_or_default().saturating_mul(self.most_per_run.0.saturating_add(1)))
            .min(TimeDelta::days(365))
    }

    /// The charge that is due at `now`; `None` if less than one step is due.
    #[must_use]
    pub fn charge(&self, account: &Account, now: DateTime<Utc>) -> Option<Charge> {
        let chapter = usize::try_from(account.chapter).ok()?.checked_sub(1)?;
        let rule = self.chapters.get(chapter)?;
        let begins = match (account.last_interaction_at, account.decayed_through) {
            (Some(last), Some(through)) => (last + rule.grace).max(through),
            (Some(last), None) => last + rule.grace,
            (None, Some(through)) => through,
            (None, None) => now - NEVER_INTERACTED,
        };
        let steps = (now - begins).num_microseconds()? / rule.step.num_microseconds()?;
        if steps < 1 {
            return None;
        }
        let amount = Points(steps).min(self.most_per_run).min(account.score);
        let decayed_through = begins + TimeDelta::microseconds(steps * rule.step.num_microseconds()?);
        Some(Charge { amount, score: account.score - amount, decayed_through })
    }
}

#[cfg(test)]
mod tests {
    use std::array;

    use proptest::prelude::*;

    use super::*;

    fn rules() -> Rules {
        let chapter = |i: usize| ChapterRule::new(GRACE_HOURS[i], HUNDREDTHS_PER_HOUR[i]).expect("the spec's numbers");
        Rules { chapters: array::from_fn(chapter), most_per_run: MOST_PER_RUN }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
    }

    fn player(chapter: i32) -> Account {
        Account { chapter, score: Points::whole(60), last_interaction_at: Some(at(0)), decayed_through: None }
    }

    fn apply(account: &mut Account, now: DateTime<Utc>) -> Points {
        let Some(charge) = rules().charge(account, now) else { return Points::ZERO };
        account.score = charge.score;
        account.decayed_through = Some(charge.decayed_through);
        charge.amount
    }

    #[test]
    fn steps_are_whole_seconds_for_the_specs_rates() {
        assert_eq!(rules().chapters.map(|it| it.step.num_seconds()), [45, 60, 90, 120, 180]);
    }

    #[test]
    fn nothing_is_due_at_the_grace_boundary_nor_before_a_whole_step() {
        let grace = 8 * 3600;
        assert_eq!(rules().charge(&player(1), at(grace)), None);
        assert_eq!(rules().charge(&player(1), at(grace + 44)), None);
        let charge = rules().charge(&player(1), at(grace + 50)).expect("one step");
        assert_eq!((charge.amount, charge.decayed_through), (Points(1), at(grace + 45)));
    }

    #[test]
    fn twenty_four_hourly_runs_cost_19_20_in_chapter_1() {
        let mut account = player(1);
        let taken: Points = (9..=32).map(|hour| apply(&mut account, at(hour * 3600))).sum();
        assert_eq!(taken, Points(1920));
    }

    #[test]
    fn the_cap_writes_off_the_rest_and_the_watermark_advances() {
        let mut account = player(1);
        assert_eq!(apply(&mut account, at(1000 * 3600)), Points::whole(20));
        assert_eq!(account.decayed_through, Some(at(1000 * 3600)));
        assert_eq!(apply(&mut account, at(1000 * 3600)), Points::ZERO);
    }

    #[test]
    fn a_player_who_never_interacted_is_charged_for_a_day_once() {
        let mut account = Account { last_interaction_at: None, ..player(2) };
        assert_eq!(apply(&mut account, at(0)), Points(24 * 60));
        assert_eq!(apply(&mut account, at(3600)), Points(60));
    }

    #[test]
    fn a_new_interaction_restarts_the_clock() {
        let mut account = player(1);
        apply(&mut account, at(10 * 3600));
        account.last_interaction_at = Some(at(11 * 3600));
        assert_eq!(rules().charge(&account, at(19 * 3600)), None);
    }

    #[test]
    fn invalid_chapters_and_future_times_are_not_charged() {
        for chapter in [i32::MIN, -1, 0, 6, 9] {
            assert_eq!(rules().charge(&player(chapter), at(10_000_000)), None);
        }
        let future = Account { last_interaction_at: Some(at(99_999_999)), ..player(1) };
        assert_eq!(rules().charge(&future, at(0)), None);
        let future = Account { decayed_through: Some(at(99_999_999)), ..player(1) };
        assert_eq!(rules().charge(&future, at(0)), None);
    }

    proptest! {
        /// Every partition of a span into runs leaves the same score and watermark, as long as no run reaches the cap.
        #[test]
        fn every_partition_charges_the_same(
            chapter in 1..=5_i32,
            mut cuts in prop::collection::vec(0..90_000_i64, 0..60),
        ) {
            let grace = GRACE_HOURS[usize::try_from(chapter).expect("1 to 5") - 1] * 3600;
            let end = grace + 90_000;
            cuts.sort_unstable();
            let mut once = player(chapter);
            let owed = apply(&mut once, at(end));
            let mut often = player(chapter);
            let taken: Points = cuts.iter().map(|cut| apply(&mut often, at(grace + cut))).sum::<Points>() + apply(&mut often, at(end));
            prop_assert_eq!(taken, owed);
            prop_assert_eq!(often, once);
        }

        /// Score and charge add up to the score before; the watermark never moves back.
        #[test]
        fn a_charge_adds_up(chapter in -1..8_i32, score in 0..10_000_i64, last in 0..9_000_000_i64, through in 0..9_000_000_i64) {
            let account = Account { chapter, score: Points(score), last_interaction_at: Some(at(last)), decayed_through: Some(at(through)) };
            if let Some(charge) = rules().charge(&account, at(9_000_000)) {
                prop_assert_eq!(charge.amount + charge.score, account.score);
                prop_assert!(charge.amount <= MOST_PER_RUN && charge.score >= Points::ZERO);
                prop_assert!(charge.decayed_through >= at(through) && charge.decayed_through <= at(9_000_000));
            }
        }
    }
}
