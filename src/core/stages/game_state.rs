//! `game_state`: the player's status in the game. It changes nothing, because the application has already applied the score.

use super::outputs::{GameEvent, GameState, Output};
use super::step::{Context, StageError, Step};
use crate::domain::points::Points;

/// How far below the threshold a score counts as near.
const NEAR: Points = Points::whole(5);

/// The score at which a chapter's boss appears (spec 04); `None` for a chapter outside 1–5.
#[must_use]
pub const fn boss_threshold(chapter: i32) -> Option<Points> {
    match chapter {
        1 => Some(Points::whole(55)),
        2 => Some(Points::whole(60)),
        3 => Some(Points::whole(65)),
        4 => Some(Points::whole(70)),
        5 => Some(Points::whole(75)),
        _ => None,
    }
}

/// Begins the stage. A conversation without a score change counts as one of zero.
///
/// # Errors
/// None of its own.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let snapshot = &context.snapshot;
    let threshold = boss_threshold(snapshot.player.chapter);
    let game_state = GameState {
        score_delta: snapshot.conversation.score_delta.unwrap_or_default(),
        threshold,
        event: event(snapshot.player.score, threshold),
    };
    Ok(Step::done(Output::GameState(game_state), vec![]))
}

fn event(score: Points, threshold: Option<Points>) -> Option<GameEvent> {
    match threshold {
        None => Some(GameEvent::InvalidChapter),
        Some(threshold) if score >= threshold => Some(GameEvent::BossThresholdReached),
        Some(threshold) if score >= threshold - NEAR => Some(GameEvent::BossThresholdNear),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{GameEvent, GameState, begin};
    use crate::core::stages::fixture::{context, decided, snapshot};
    use crate::core::stages::outputs::{Findings, Output};
    use crate::domain::points::Points;

    fn game_state(chapter: i32, score: Points, score_delta: Option<Points>) -> GameState {
        let mut snapshot = snapshot();
        snapshot.player.chapter = chapter;
        snapshot.player.score = score;
        snapshot.conversation.score_delta = score_delta;
        let decision = decided(begin(&context(snapshot, Findings::default())));
        assert_eq!(decision.effects, [], "the application has already applied the score");
        let Output::GameState(game_state) = decision.output else { panic!("another stage's output") };
        game_state
    }

    #[rstest]
    #[case(1, 4999, Some(5500), None)]
    #[case(1, 5000, Some(5500), Some(GameEvent::BossThresholdNear))]
    #[case(1, 5499, Some(5500), Some(GameEvent::BossThresholdNear))]
    #[case(1, 5500, Some(5500), Some(GameEvent::BossThresholdReached))]
    #[case(2, 5499, Some(6000), None)]
    #[case(2, 5999, Some(6000), Some(GameEvent::BossThresholdNear))]
    #[case(3, 6000, Some(6500), Some(GameEvent::BossThresholdNear))]
    #[case(4, 7000, Some(7000), Some(GameEvent::BossThresholdReached))]
    #[case(5, 7499, Some(7500), Some(GameEvent::BossThresholdNear))]
    #[case(5, 10_000, Some(7500), Some(GameEvent::BossThresholdReached))]
    #[case(0, 10_000, None, Some(GameEvent::InvalidChapter))]
    #[case(6, 0, None, Some(GameEvent::InvalidChapter))]
    #[case(-1, 5500, None, Some(GameEvent::InvalidChapter))]
    fn the_threshold_is_the_chapters(
        #[case] chapter: i32,
        #[case] score: i64,
        #[case] threshold: Option<i64>,
        #[case] event: Option<GameEvent>,
    ) {
        let expected = GameState { score_delta: Points::ZERO, threshold: threshold.map(Points), event };
        assert_eq!(game_state(chapter, Points(score), None), expected);
    }

    #[test]
    fn the_score_change_is_passed_on_and_not_applied() {
        // 54.00 + 2.00 would reach the threshold of 55; 54.00 already contains the 2.00.
        let state = game_state(1, Points::whole(54), Some(Points::whole(2)));
        assert_eq!((state.score_delta, state.event), (Points::whole(2), Some(GameEvent::BossThresholdNear)));
    }

    #[test]
    fn the_names_are_the_specs() {
        let events = [GameEvent::BossThresholdNear, GameEvent::BossThresholdReached, GameEvent::InvalidChapter];
        let names = events.map(|event| serde_json::to_value(event).unwrap());
        assert_eq!(names, ["boss_threshold_near", "boss_threshold_reached", "invalid_chapter"]);
    }
}
